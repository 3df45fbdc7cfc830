/* The examples' reader of MNIST's files: what it takes, and each kind of file that it refuses. */
#include "mnist.h"
#include "support.h"

static const char images[] = "./t10k-images-idx3-ubyte", labels[] = "./t10k-labels-idx1-ubyte";

static void write_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

#define write_bytes(path, ...) \
    write_file((path), (const unsigned char[]){ __VA_ARGS__ }, sizeof((const unsigned char[]){ __VA_ARGS__ }))

/* The headers of a file of bytes with three dims, and with one. */
#define MAGIC_3 0, 0, 8, 3
#define MAGIC_1 0, 0, 8, 1
#define SIZE(n) 0, 0, 0, (n)
#define HUGE_SIZE 0xFF, 0xFF, 0xFF, 0xFF

static int remove_files(void **state)
{
    (void)state;
    remove(images);
    remove(labels);
    return 0;
}

/* The reader fails before it asks for memory, leaves its output alone and names the file. */
static void expect_bad_images(const char *words)
{
    char sentence[256];
    prune_tensor *t = NULL;
    snprintf(sentence, sizeof sentence, "%s %s", images, words);
    fail_allocation(0, true);
    assert_fails(mnist_load_images(&t, "."), PRUNE_ERROR_FORMAT, sentence);
    fail_allocation(-1, false);
    assert_null(t);
}

/* The same for a file whose header is believed, and of whose body it asks for the room. */
static void expect_bad_body(const char *words)
{
    char sentence[256];
    prune_tensor *t = NULL;
    snprintf(sentence, sizeof sentence, "%s %s", images, words);
    assert_fails(mnist_load_images(&t, "."), PRUNE_ERROR_FORMAT, sentence);
    assert_null(t);
}

static void images_are_grey_values_between_0_and_1(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    write_bytes(images, MAGIC_3, SIZE(2), SIZE(1), SIZE(3), 0, 51, 255, 1, 2, 128);
    assert_ok(mnist_load_images(&t, "."));
    assert_shape(t, 2, 1, 1, 3);
    assert_values(t, 0, 51.f / 255, 1, 1.f / 255, 2.f / 255, 128.f / 255);
    prune_tensor_release(t);
}

static void labels_are_digits(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    write_bytes(labels, MAGIC_1, SIZE(3), 7, 0, 9);
    assert_ok(mnist_load_labels(&t, "."));
    assert_shape(t, 3);
    assert_values(t, 7, 0, 9);
    prune_tensor_release(t);
}

static void the_files_of_the_project_load(void **state)
{
    (void)state;
    prune_tensor *pictures = NULL, *digits = NULL;
    assert_ok(mnist_load_images(&pictures, PRUNE_TESTS_DIR "/../examples/data"));
    assert_ok(mnist_load_labels(&digits, PRUNE_TESTS_DIR "/../examples/data"));
    assert_shape(pictures, 1000, 1, 28, 28);
    assert_shape(digits, 1000);
    prune_tensor_release(pictures);
    prune_tensor_release(digits);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_fails(mnist_load_images(&t, "no/such/folder"), PRUNE_ERROR_IO,
                 "cannot open no/such/folder/t10k-images-idx3-ubyte: ");
    assert_fails(mnist_load_labels(&t, "."), PRUNE_ERROR_IO, "cannot open ./t10k-labels-idx1-ubyte: ");
    assert_null(t);
}

static void a_path_beyond_the_buffer_is_refused(void **state)
{
    (void)state;
    static char directory[5000];
    prune_tensor *t = NULL;
    memset(directory, 'd', sizeof directory - 1);
    assert_fails(mnist_load_images(&t, directory), PRUNE_ERROR_IO, "the path ddd");
    directory[4096 - sizeof "/t10k-images-idx3-ubyte"] = '\0'; /* with its end it fills the buffer */
    assert_fails(mnist_load_images(&t, directory), PRUNE_ERROR_IO, "cannot open ddd");
    assert_null(t);
}

static void another_magic_is_refused(void **state)
{
    (void)state;
    write_file(images, (const unsigned char *)"", 0);
    expect_bad_images("is not an IDX file of bytes with 3 dims");
    write_bytes(images, 0, 0, 8);
    expect_bad_images("is not an IDX file of bytes with 3 dims");
    write_bytes(images, MAGIC_1, SIZE(1), 5);
    expect_bad_images("is not an IDX file of bytes with 3 dims");
    write_bytes(images, 0, 0, 0x0D, 3, SIZE(1), SIZE(1), SIZE(1), 0, 0, 0, 0); /* floats */
    expect_bad_images("is not an IDX file of bytes with 3 dims");
    write_bytes(images, 3, 8, 0, 0, SIZE(1), SIZE(1), SIZE(1), 5); /* the other byte order */
    expect_bad_images("is not an IDX file of bytes with 3 dims");
    write_bytes(images, 0x1F, 0x8B, 8, 3, SIZE(1), SIZE(1), SIZE(1), 5); /* still compressed */
    expect_bad_images("is not an IDX file of bytes with 3 dims");

    prune_tensor *t = NULL;
    write_bytes(labels, MAGIC_3, SIZE(1), SIZE(1), SIZE(1), 5);
    assert_fails(mnist_load_labels(&t, "."), PRUNE_ERROR_FORMAT,
                 "./t10k-labels-idx1-ubyte is not an IDX file of bytes with 1 dims");
    assert_null(t);
}

static void a_header_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const unsigned char whole[] = { MAGIC_3, SIZE(1), SIZE(1), SIZE(1) };
    for (size_t size = 4; size < sizeof whole; size++) {
        write_file(images, whole, size);
        expect_bad_images("ends inside its header");
    }
    write_file(images, whole, sizeof whole);
    expect_bad_images("is shorter than its header says");
}

static void a_body_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const unsigned char whole[] = { MAGIC_3, SIZE(2), SIZE(2), SIZE(3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    for (size_t size = 16; size < sizeof whole; size++) {
        write_file(images, whole, size);
        expect_bad_images("is shorter than its header says");
    }
}

static void a_size_beyond_the_file_asks_for_no_memory(void **state)
{
    (void)state;
    write_bytes(images, MAGIC_3, HUGE_SIZE, SIZE(28), SIZE(28), 1, 2, 3);
    expect_bad_images("is shorter than its header says");
    write_bytes(images, MAGIC_3, SIZE(1), HUGE_SIZE, HUGE_SIZE, 1, 2, 3);
    expect_bad_images("is shorter than its header says");
    /* Products that wrap to 0 in 64 bits, to 4 and to 0 in 32. */
    write_bytes(images, MAGIC_3, 0x80, 0, 0, 0, 0x80, 0, 0, 0, SIZE(4), 1, 2, 3);
    expect_bad_images("is shorter than its header says");
    write_bytes(images, MAGIC_3, 0x80, 0, 0, 1, 0x80, 0, 0, 1, SIZE(4), 1, 2, 3, 4);
    expect_bad_images("is shorter than its header says");
    write_bytes(images, MAGIC_3, SIZE(1), 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 3);
    expect_bad_images("is shorter than its header says");
}

static void a_size_of_0_is_refused(void **state)
{
    (void)state;
    write_bytes(images, MAGIC_3, SIZE(0), SIZE(28), SIZE(28));
    expect_bad_images("holds nothing: its dim 0 has size 0");
    write_bytes(images, MAGIC_3, HUGE_SIZE, HUGE_SIZE, SIZE(0), 1, 2);
    expect_bad_images("holds nothing: its dim 2 has size 0");
}

static void bytes_after_the_last_value_are_refused(void **state)
{
    (void)state;
    write_bytes(images, MAGIC_3, SIZE(1), SIZE(1), SIZE(2), 1, 2, 0);
    expect_bad_body("is longer than its header says");
    prune_tensor *t = NULL;
    write_bytes(labels, MAGIC_1, SIZE(1), 1, 2);
    assert_fails(mnist_load_labels(&t, "."), PRUNE_ERROR_FORMAT,
                 "./t10k-labels-idx1-ubyte is longer than its header says");
    assert_null(t);
}

static prune_status load_images(void *context)
{
    return mnist_load_images(context, ".");
}

static void nothing_loaded(void *context)
{
    assert_null(*(prune_tensor **)context);
}

static void release(void *context)
{
    prune_tensor **t = context;
    prune_tensor_release(*t);
    *t = NULL;
}

static void reading_out_of_memory(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    write_bytes(images, MAGIC_3, SIZE(1), SIZE(1), SIZE(2), 1, 2);
    try_every_allocation(load_images, nothing_loaded, release, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(images_are_grey_values_between_0_and_1, remove_files),
        cmocka_unit_test_teardown(labels_are_digits, remove_files),
        cmocka_unit_test(the_files_of_the_project_load),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_path_beyond_the_buffer_is_refused),
        cmocka_unit_test_teardown(another_magic_is_refused, remove_files),
        cmocka_unit_test_teardown(a_header_cut_anywhere_is_refused, remove_files),
        cmocka_unit_test_teardown(a_body_cut_anywhere_is_refused, remove_files),
        cmocka_unit_test_teardown(a_size_beyond_the_file_asks_for_no_memory, remove_files),
        cmocka_unit_test_teardown(a_size_of_0_is_refused, remove_files),
        cmocka_unit_test_teardown(bytes_after_the_last_value_are_refused, remove_files),
        cmocka_unit_test_teardown(reading_out_of_memory, remove_files),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
