/* What prune_checkpoint() refuses: nothing is written then, and the generator is as it was. */
#define CHECKPOINT_TEST "test_checkpoint_errors"

#include "checkpoint_support.h"

static prune_checkpoint_options by(prune_method *method)
{
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.method = method;
    return options;
}

/* A file of two matrices, `a` and `b`. */
static void save_two(void)
{
    prune_dict *dict = empty_dict();
    put(dict, "a", make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4));
    put(dict, "b", make_tensor(PRUNE_SHAPE(2, 2), 5, 6, 7, 8));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
}

/* Fails, writes nothing, and leaves the generator alone. */
static void refuses(const prune_checkpoint_options *options, prune_status status, const char *words)
{
    prune_tensor *before = NULL, *after = NULL;
    prune_checkpoint_result result = { .size = sizeof result, .tensors = -7 };
    write_file(out_path, "old", 3);
    assert_ok(prune_generator_get_state(&before, NULL));
    assert_fails(prune_checkpoint(in_path, out_path, options, &result), status, words);
    assert_ok(prune_generator_get_state(&after, NULL));
    assert_same_bits(before, after);
    expect_file(out_path, "old");
    assert_int_equal(result.tensors, -7);
    prune_tensor_release(before);
    prune_tensor_release(after);
}

static void options_are_checked(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1), *container = NULL, *structured = NULL;
    assert_ok(prune_method_container(&container, NULL, 0));
    assert_ok(prune_method_random_structured(&structured, prune_count(1), 0));
    prune_checkpoint_options options = by(method);
    prune_checkpoint_result wrong = { .size = 3 };
    save_two();
    assert_fails(prune_checkpoint(NULL, out_path, &options, NULL), PRUNE_ERROR_TYPE,
                 "prune_checkpoint: argument 'in_path' is NULL");
    assert_fails(prune_checkpoint(in_path, out_path, NULL, NULL), PRUNE_ERROR_TYPE, "'options'");
    assert_fails(prune_checkpoint(in_path, out_path, &options, &wrong), PRUNE_ERROR_VALUE, "prune_checkpoint_result");
    options.size = 1;
    refuses(&options, PRUNE_ERROR_VALUE, "prune_checkpoint_options");
    options = by(NULL);
    refuses(&options, PRUNE_ERROR_TYPE, "neither a method nor masks");
    options.masks = other_path;
    options.global = true;
    refuses(&options, PRUNE_ERROR_TYPE, "masks choose nothing among all tensors together");
    options.method = method;
    refuses(&options, PRUNE_ERROR_TYPE, "a method and masks");
    options = by(container);
    refuses(&options, PRUNE_ERROR_TYPE, "a PruningContainer cannot be applied");
    options = by(structured);
    options.global = true;
    refuses(&options, PRUNE_ERROR_TYPE, "Only \"unstructured\" PRUNING_TYPE supported");
    prune_method_release(method);
    prune_method_release(container);
    prune_method_release(structured);
}

static void errors_of_a_method_name_the_tensor(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(5), *structured = NULL;
    prune_method_options torch = PRUNE_METHOD_OPTIONS_INIT;
    prune_checkpoint_options options = by(method);
    save_two();
    refuses(&options, PRUNE_ERROR_VALUE, "'a': amount=5 should be smaller than the number of parameters to prune=4");
    options.keep_masks = true;
    refuses(&options, PRUNE_ERROR_VALUE, "'a': amount=5");
    prune_method_release(method);
    method = l1_lowest(9);
    options = by(method);
    options.global = true;
    refuses(&options, PRUNE_ERROR_VALUE, "amount=9 should be smaller than the number of parameters to prune=8");
    prune_method_release(method);
    assert_ok(prune_method_random_unstructured(&method, prune_count(9), &torch));
    options.method = method;
    refuses(&options, PRUNE_ERROR_VALUE, "amount=9");
    options.global = false;
    refuses(&options, PRUNE_ERROR_VALUE, "'a': amount=9");
    assert_ok(prune_method_random_structured(&structured, prune_count(1), 2));
    options = by(structured);
    refuses(&options, PRUNE_ERROR_INDEX, "'a': Invalid index 2 for tensor of size torch.Size([2, 2])");
    prune_method_release(structured);
    prune_method_release(method);
}

static void an_amount_is_checked_where_nothing_is_chosen(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    options.global = true;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1), 1);
    save_one(in_path, "vector", t);
    refuses(&options, PRUNE_ERROR_VALUE, "no tensor was chosen");
    options.global = false;
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    prune_tensor_release(t);
    prune_method_release(method);
}

static void files_that_cannot_be_read_or_written(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    save_two();
    assert_fails(prune_checkpoint("nowhere/x.safetensors", out_path, &options, NULL), PRUNE_ERROR_IO, "nowhere");
    assert_fails(prune_checkpoint(in_path, "nowhere/x.safetensors", &options, NULL), PRUNE_ERROR_IO, "nowhere");
    assert_fails(prune_checkpoint(in_path, "x.unknown", &options, NULL), PRUNE_ERROR_VALUE, "its ending");
    options.scores = "nowhere/scores.safetensors";
    refuses(&options, PRUNE_ERROR_IO, "scores");
    options = by(NULL);
    options.masks = "nowhere/masks.safetensors";
    refuses(&options, PRUNE_ERROR_IO, "masks");
    options = by(method);
    options.entry = "model";
    refuses(&options, PRUNE_ERROR_VALUE, "'model'");
    write_file(in_path, "nonsense", 8);
    options = by(method);
    refuses(&options, PRUNE_ERROR_FORMAT,
            "limit: test_checkpoint_errors_in.safetensors: a header of 7310308002159816558 bytes, more than the "
            "format's 100000000");
    prune_method_release(method);
}

static void names_that_say_two_things(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    prune_dict *dict = empty_dict();
    put(dict, "a", make_tensor(PRUNE_SHAPE(1, 1), 1));
    put(dict, "a_mask", make_tensor(PRUNE_SHAPE(1), 1));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    options.keep_masks = true;
    refuses(&options, PRUNE_ERROR_KEY,
            "'a_mask' would stand twice in the output: the file has a tensor of that name already");
    put(dict, "a_orig", make_tensor(PRUNE_SHAPE(1), 1));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    refuses(&options, PRUNE_ERROR_VALUE, "the file holds \"a\" beside \"a_orig\" and \"a_mask\": pruned or not?");
    prune_dict_release(dict);
    prune_method_release(method);
}

static void half_a_pair_is_a_tensor_like_others(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    prune_checkpoint_result result = { .size = sizeof result };
    prune_dict *dict = empty_dict();
    put(dict, "a_orig", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "b_mask", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "c_orig", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "c_mask", make_tensor(PRUNE_SHAPE(2, 1), 1, 2)); /* another shape */
    put(dict, "_orig", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "_mask", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    assert_ok(prune_checkpoint(in_path, out_path, &options, &result));
    assert_int_equal(result.pruned_tensors, 6);
    prune_dict_release(dict);
    prune_method_release(method);
}

static void scores_and_masks_must_fit(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_tensor *t = make_tensor(PRUNE_SHAPE(4), 1, 1, 1, 1);
    save_two();
    save_one(other_path, "a", t);
    prune_checkpoint_options options = by(method);
    options.scores = other_path;
    refuses(&options, PRUNE_ERROR_SHAPE,
            "'a': importance_scores should have the same shape as the parameter, got torch.Size([4]) vs "
            "torch.Size([2, 2])");
    options = by(NULL);
    options.masks = other_path;
    refuses(&options, PRUNE_ERROR_SHAPE, "'a': the mask should have the same shape as the parameter, got");
    save_one(other_path, "c", t);
    refuses(&options, PRUNE_ERROR_KEY, "the mask 'c' is for no tensor of the file");
    prune_tensor_release(t);
    prune_method_release(method);
}

/* A file of one tensor of that dtype and shape. */
static void write_dtype(const char *path, const char *dtype, const char *shape, int bytes, const char *name, int length)
{
    char file[512] = { 0 };
    int header = snprintf(file + 8, 400, "{\"%.*s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%d]}}", length,
                          name, dtype, shape, bytes);
    for (; header % 8 != 0; header++)
        file[8 + header] = ' ';
    file[0] = (char)header;
    write_file(path, file, 8 + (size_t)header + (size_t)bytes);
}

static void what_the_library_does_not_hold_is_copied_but_not_scored(void **state)
{
    (void)state;
    char in[128], out[128];
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    write_dtype(in_path, "F8_E4M3", "[2,2]", 4, "a", 1);
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    FILE *in_file = fopen(in_path, "rb"), *out_file = fopen(out_path, "rb");
    size_t size = fread(in, 1, sizeof in, in_file);
    assert_int_equal(fread(out, 1, sizeof out, out_file), size);
    assert_memory_equal(in, out, size);
    fclose(in_file);
    fclose(out_file);
    save_two();
    write_dtype(other_path, "F8_E4M3", "[2,2]", 4, "a", 1);
    options.scores = other_path;
    refuses(&options, PRUNE_ERROR_UNSUPPORTED, "'a': unsup: scores or a mask of dtype F8_E4M3");
    options = by(NULL);
    options.masks = other_path;
    refuses(&options, PRUNE_ERROR_UNSUPPORTED, "'a': unsup: scores or a mask of dtype F8_E4M3");
    prune_method_release(method);
}

static void names_and_ranks_that_no_tensor_can_have(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    write_dtype(in_path, "F32", "[1,1]", 4, "a\\u0000b", 8);
    refuses(&options, PRUNE_ERROR_UNSUPPORTED, " has a NUL in it");
    write_dtype(in_path, "F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", 4, "a", 1);
    refuses(&options, PRUNE_ERROR_UNSUPPORTED, "tensor 'a' has 17 dims, at most 16 are supported");
    prune_method_release(method);
}

/* ---- Memory ---- */

static void what_does_not_fit_is_refused_with_its_size(void **state)
{
    (void)state;
    prune_method *torch = NULL, *structured = NULL, *lowest = l1_lowest(3);
    prune_tensor *t = NULL;
    assert_ok(prune_method_l1_unstructured(&torch, prune_fraction(0.5), NULL));
    assert_ok(prune_method_ln_structured(&structured, prune_fraction(0.5), prune_norm_p(2), 0, NULL));
    assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(500, 1000), PRUNE_FLOAT16));
    save_one(in_path, "w", t);
    prune_checkpoint_options options = by(torch);
    options.max_memory = 4 << 20;
    refuses(&options, PRUNE_ERROR_MEMORY, "9.1 MiB of memory, but max_memory is 4.0 MiB");
    options.global = true;
    refuses(&options, PRUNE_ERROR_MEMORY, "choosing among all tensors takes");
    options.method = structured;
    options.global = false;
    refuses(&options, PRUNE_ERROR_MEMORY, "'w': pruning this tensor takes");
    options.method = lowest;
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    options.max_memory = 1000;
    refuses(&options, PRUNE_ERROR_MEMORY, "the description of the tensors takes");
    options.max_memory = 100000;
    refuses(&options, PRUNE_ERROR_MEMORY, "pruning this file takes");
    prune_method_release(torch);
    prune_method_release(structured);
    prune_method_release(lowest);
    prune_tensor_release(t);
}

/* Of each tensor the draws before it, for the second time that its mask is made. */
static void what_is_kept_of_many_tensors_is_counted(void **state)
{
    (void)state;
    prune_method *method = NULL;
    prune_dict *dict = empty_dict();
    for (int i = 0; i < 100; i++) {
        char name[8];
        snprintf(name, sizeof name, "%02d", i);
        put(dict, name, make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4));
    }
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    assert_ok(prune_method_random_structured(&method, prune_count(1), 0));
    prune_checkpoint_options options = by(method);
    options.max_memory = 1000000;
    refuses(&options, PRUNE_ERROR_MEMORY, "what is kept of each tensor takes 1.0 MiB of memory");
    options.max_memory = 2000000;
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    prune_dict_release(dict);
    prune_method_release(method);
}

/* From too little on, in small steps, until it is enough. */
static void any_limit_is_kept_or_told(void **state)
{
    (void)state;
    prune_method *method = NULL;
    prune_method_options lowest = { sizeof lowest, PRUNE_TIES_LOWEST_INDEX };
    prune_checkpoint_result result = { .size = sizeof result };
    assert_ok(prune_method_random_unstructured(&method, prune_count(1), &lowest));
    prune_checkpoint_options options = by(method);
    prune_status status = PRUNE_ERROR_MEMORY;
    save_two();
    for (options.max_memory = 600000; status == PRUNE_ERROR_MEMORY; options.max_memory += 1000) {
        status = prune_checkpoint(in_path, out_path, &options, &result);
        assert_in_range(options.max_memory, 600000, 1000000);
    }
    assert_int_equal(status, PRUNE_OK);
    assert_in_range(result.peak_memory, 600000, options.max_memory);
    prune_method_release(method);
}

static prune_status prune_file(void *context)
{
    const prune_checkpoint_options *options = context;
    return prune_checkpoint(in_path, out_path, options, NULL);
}

static void old_file_stays(void *context)
{
    (void)context;
    expect_file(out_path, "old");
}

static void write_old(void *context)
{
    (void)context;
    write_file(out_path, "old", 3);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    prune_method *methods[3] = { NULL };
    prune_method_options lowest = { sizeof lowest, PRUNE_TIES_LOWEST_INDEX };
    prune_dict *dict = empty_dict();
    put(dict, "a_orig", make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4));
    put(dict, "a_mask", make_tensor(PRUNE_SHAPE(2, 2), 1, 0, 1, 1));
    put(dict, "b", make_tensor(PRUNE_SHAPE(2, 2), 5, 6, 7, 8));
    put(dict, "c", make_tensor_of(PRUNE_INT64));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    assert_ok(prune_method_random_unstructured(&methods[0], prune_fraction(0.5), &lowest));
    assert_ok(prune_method_l1_unstructured(&methods[1], prune_fraction(0.5), NULL));
    assert_ok(prune_method_ln_structured(&methods[2], prune_fraction(0.5), prune_norm_p(2), 0, NULL));
    for (int i = 0; i < 3; i++) {
        prune_checkpoint_options options = by(methods[i]);
        options.global = i < 2;
        options.keep_masks = i == 0;
        write_old(NULL);
        try_every_allocation(prune_file, old_file_stays, write_old, &options);
        prune_method_release(methods[i]);
    }
}

/* ---- Callbacks ---- */

static prune_status stop(void *context, uint64_t done, uint64_t total)
{
    int *calls = context;
    assert_in_range(done, 1, total);
    return ++*calls == 5 ? prune_fail(PRUNE_ERROR_USER, "enough") : PRUNE_OK;
}

static prune_status give_up(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return PRUNE_ERROR_USER;
}

static prune_status count_progress(void *context, uint64_t done, uint64_t total)
{
    uint64_t *left = context;
    *left = total - done;
    return PRUNE_OK;
}

static void progress_may_end_the_work(void **state)
{
    (void)state;
    int calls = 0;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    save_two();
    options.progress = stop;
    options.context = &calls;
    refuses(&options, PRUNE_ERROR_USER, "'a': enough");
    options.progress = give_up;
    refuses(&options, PRUNE_ERROR_USER, "progress of prune_checkpoint_options failed with status user");
    prune_method_release(method);
}

static void progress_comes_to_its_end(void **state)
{
    (void)state;
    prune_method *methods[4] = { l1_lowest(1) };
    prune_dict *dict = empty_dict();
    put(dict, "a_orig", make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4));
    put(dict, "a_mask", make_tensor(PRUNE_SHAPE(2, 2), 1, 0, 1, 1));
    put(dict, "b", make_tensor(PRUNE_SHAPE(2, 2), 5, 6, 7, 8));
    put(dict, "c", make_tensor_of(PRUNE_INT64));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    assert_ok(prune_method_l1_unstructured(&methods[1], prune_count(1), NULL));
    assert_ok(prune_method_random_unstructured(
        &methods[2], prune_count(1), &(prune_method_options){ sizeof(prune_method_options), PRUNE_TIES_LOWEST_INDEX }));
    assert_ok(prune_method_identity(&methods[3]));
    for (int i = 0; i < 12; i++) {
        uint64_t left = 1;
        prune_checkpoint_options options = by(methods[i / 3]);
        options.global = i % 3 == 1 && i / 3 < 3;
        options.keep_masks = i % 3 == 2;
        options.progress = count_progress;
        options.context = &left;
        assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
        assert_int_equal(left, 0);
    }
    for (int i = 0; i < 4; i++)
        prune_method_release(methods[i]);
}

static prune_status refuse_report(void *context, const prune_checkpoint_tensor *tensor)
{
    (void)context;
    (void)tensor;
    return PRUNE_ERROR_USER;
}

static void what_a_report_returns_comes_back(void **state)
{
    (void)state;
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = by(method);
    prune_dict *dict = NULL;
    save_two();
    options.report = refuse_report;
    assert_fails(prune_checkpoint(in_path, out_path, &options, NULL), PRUNE_ERROR_USER, "report of");
    assert_ok(prune_load(&dict, out_path, NULL));
    prune_dict_release(dict);
    prune_method_release(method);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(errors_of_a_method_name_the_tensor),
        cmocka_unit_test(an_amount_is_checked_where_nothing_is_chosen),
        cmocka_unit_test(files_that_cannot_be_read_or_written),
        cmocka_unit_test(names_that_say_two_things),
        cmocka_unit_test(half_a_pair_is_a_tensor_like_others),
        cmocka_unit_test(scores_and_masks_must_fit),
        cmocka_unit_test(what_the_library_does_not_hold_is_copied_but_not_scored),
        cmocka_unit_test(names_and_ranks_that_no_tensor_can_have),
        cmocka_unit_test(what_does_not_fit_is_refused_with_its_size),
        cmocka_unit_test(what_is_kept_of_many_tensors_is_counted),
        cmocka_unit_test(any_limit_is_kept_or_told),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(progress_may_end_the_work),
        cmocka_unit_test(progress_comes_to_its_end),
        cmocka_unit_test(what_a_report_returns_comes_back),
    };
    int failed = cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
    remove_files();
    return failed;
}
