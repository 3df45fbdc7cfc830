/* Pruning of weight files: the same as the library does to the same tensors in memory. */
#include "checkpoint_support.h"

/* ---- As the library, on random files ---- */

/* A method with its words for a sentence; every third time one that cannot stream. */
static prune_method *some_method(bool global, int64_t entries)
{
    prune_method *method = NULL;
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    options.ties = chance(3) ? PRUNE_TIES_LOWEST_INDEX : PRUNE_TIES_TORCH;
    prune_amount amount = chance(2) ? prune_fraction((double)chance(11) / 10)
                                    : prune_count(chance((uint32_t)entries + 1));
    int64_t dim = chance(2);
    switch (chance(global ? 2 : 6)) {
    case 0:
        assert_ok(prune_method_l1_unstructured(&method, amount, &options));
        break;
    case 1:
        assert_ok(prune_method_random_unstructured(&method, amount, &options));
        break;
    case 2:
        assert_ok(prune_method_ln_structured(&method, prune_fraction(0.4), prune_norm_p(2), dim, &options));
        break;
    case 3:
        assert_ok(prune_method_random_structured(&method, prune_fraction(0.4), dim));
        break;
    case 4:
        assert_ok(prune_method_n_m(&method, chance(3), 2, dim - 1));
        break;
    default:
        assert_ok(prune_method_identity(&method));
    }
    return method;
}

/* Adds a tensor to the file, pruned already or not, and the same as a parameter `w` of a module. */
static prune_module *add_tensor(prune_dict *file, int64_t i, bool in_pairs)
{
    static const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT16, PRUNE_BFLOAT16, PRUNE_FLOAT64 };
    char name[16], orig_name[32], mask_name[32];
    int64_t sizes[] = { chance(4) + 1, 2 * (chance(4) + 1), chance(2) + 1 };
    prune_tensor *stored = NULL, *w = NULL, *mask = NULL;
    prune_tensor *t = some_values(sizes, chance(2) ? 3 : 2);
    bool is_pruned = in_pairs && chance(2);
    snprintf(name, sizeof name, "t%d", (int)(i * 7 % 10));
    snprintf(orig_name, sizeof orig_name, "%s_orig", name);
    snprintf(mask_name, sizeof mask_name, "%s_mask", name);
    assert_ok(prune_tensor_to(&stored, t, dtypes[chance(4)]));
    assert_ok(prune_tensor_to(&w, stored, PRUNE_FLOAT32));
    assert_ok(prune_dict_set(file, is_pruned ? orig_name : name, stored));
    prune_tensor_release(t);
    assert_ok(prune_tensor_clone(&t, w));
    prune_module *module = module_over(t);
    if (is_pruned) {
        mask = some_mask(w);
        put(file, mask_name, mask);
        assert_ok(prune_custom_from_mask(module, "weight", mask));
    }
    prune_tensor_release(t);
    prune_tensor_release(stored);
    prune_tensor_release(w);
    return module;
}

enum { MOST_TENSORS = 5 };

/* A file of tensors, and what the library knows of them. */
typedef struct scene {
    prune_dict *file;
    prune_module *modules[MOST_TENSORS];
    const char *names[MOST_TENSORS]; /* X */
    int64_t count, entries;
} scene;

/* The modules in the order of the file. */
static void make_scene(scene *s, bool in_pairs)
{
    s->count = 1 + chance(MOST_TENSORS);
    s->entries = 0;
    s->file = empty_dict();
    prune_module *modules[10] = { NULL };
    for (int64_t i = 0; i < s->count; i++)
        modules[i * 7 % 10] = add_tensor(s->file, i, in_pairs);
    put(s->file, "steps", make_tensor_of(PRUNE_INT64));
    put(s->file, "bias", make_tensor_of(PRUNE_FLOAT16));
    assert_ok(prune_dict_set_metadata(s->file, "format", "pt"));
    assert_ok(prune_save(in_path, s->file, PRUNE_FORMAT_AUTO));
    prune_dict_release(s->file);
    assert_ok(prune_load(&s->file, in_path, NULL));
    int64_t known = 0;
    for (int64_t i = 0; i < prune_dict_size(s->file); i++) {
        const char *key = prune_dict_key(s->file, i);
        if (key[0] != 't' || strstr(key, "_mask"))
            continue;
        s->names[known] = key;
        s->modules[known] = modules[key[1] - '0'];
        s->entries += prune_tensor_numel(weight_of(s->modules[known]));
        known++;
    }
    assert_int_equal(known, s->count);
}

static void free_scene(scene *s)
{
    prune_dict_release(s->file);
    for (int64_t i = 0; i < s->count; i++)
        prune_module_release(s->modules[i]);
}

static prune_status prune_modules(scene *s, prune_method *method, bool global)
{
    prune_parameter parameters[MOST_TENSORS];
    for (int64_t i = 0; i < s->count; i++) {
        parameters[i] = (prune_parameter){ s->modules[i], "weight", NULL };
        if (!global && prune_apply(s->modules[i], "weight", method, NULL))
            return prune_last_status();
    }
    return global ? prune_global_unstructured(parameters, s->count, method) : PRUNE_OK;
}

/* The tensor of the output that `key` of the input has become, against the library's mask. */
static void check_output(const prune_dict *out, const prune_dict *in, const char *key, const prune_module *module,
                         bool keeps)
{
    char name[40];
    prune_tensor *stored = prune_dict_get(in, key), *mask = NULL, *value = NULL;
    bool was_pruned = strstr(key, "_orig") != NULL;
    prune_dtype dtype = prune_tensor_dtype(stored);
    if (prune_is_pruned(module))
        assert_ok(prune_tensor_to(&mask, mask_of(module), dtype));
    else
        assert_ok(prune_tensor_ones(&mask, prune_tensor_sizes(stored), prune_tensor_ndim(stored), dtype));
    assert_ok(prune_tensor_to(&value, weight_of(module), dtype));
    snprintf(name, sizeof name, "%.*s", was_pruned ? (int)strlen(key) - 5 : (int)strlen(key), key);
    if (!keeps) {
        assert_same_bits(prune_dict_get(out, name), value);
    } else {
        strcat(name, "_orig");
        assert_same_bits(prune_dict_get(out, name), stored);
        memcpy(name + strlen(name) - 5, "_mask", 5);
        assert_same_bits(prune_dict_get(out, name), mask);
    }
    prune_tensor_release(mask);
    prune_tensor_release(value);
}

static void check_outputs(const scene *s, bool keeps)
{
    prune_dict *out = NULL;
    assert_ok(prune_load(&out, out_path, NULL));
    assert_int_equal(prune_dict_size(out), s->count * (keeps ? 2 : 1) + 2);
    assert_same_bits(prune_dict_get(out, "steps"), prune_dict_get(s->file, "steps"));
    assert_same_bits(prune_dict_get(out, "bias"), prune_dict_get(s->file, "bias"));
    assert_string_equal(prune_dict_get_metadata(out, "format"), "pt");
    for (int64_t i = 0; i < s->count; i++)
        check_output(out, s->file, s->names[i], s->modules[i], keeps);
    prune_dict_release(out);
}

static void check_generator(int64_t seed, scene *s, prune_method *method, bool global)
{
    prune_tensor *after = NULL, *expected = NULL;
    assert_ok(prune_generator_get_state(&after, NULL));
    prune_manual_seed(NULL, (uint64_t)seed);
    assert_ok(prune_modules(s, method, global));
    assert_ok(prune_generator_get_state(&expected, NULL));
    assert_same_bits(after, expected);
    prune_tensor_release(after);
    prune_tensor_release(expected);
}

static void prune_as_the_library(bool in_pairs)
{
    scene s;
    make_scene(&s, in_pairs);
    bool global = chance(2);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    prune_checkpoint_result result = { .size = sizeof result };
    options.global = global;
    options.keep_masks = chance(2);
    options.max_memory = 1 << 20;
    options.method = some_method(global, global ? s.entries / 3 : 1);
    prune_manual_seed(NULL, 5);
    prune_status status = prune_checkpoint(in_path, out_path, &options, &result);
    if (status == PRUNE_OK) {
        check_generator(5, &s, options.method, global);
        check_outputs(&s, options.keep_masks);
        assert_int_equal(result.pruned_tensors, s.count);
        assert_int_equal(result.entries, s.entries);
    } else { /* an amount larger than what is left, a dim of odd size */
        assert_int_equal(status, PRUNE_ERROR_VALUE);
        prune_manual_seed(NULL, 5);
        assert_int_equal(prune_modules(&s, options.method, global), PRUNE_ERROR_VALUE);
    }
    prune_method_release(options.method);
    free_scene(&s);
}

static void random_files_are_pruned_as_the_library_does(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++)
        prune_as_the_library(false);
}

static void random_files_of_pruned_tensors_are_pruned_further(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++)
        prune_as_the_library(true);
}

/* ---- One thing after the other ---- */

static void weights_keep_their_signs_and_nan(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 4), -1, 1, -2, NAN, 2, -3, 3, INFINITY);
    const prune_dtype dtypes[] = { PRUNE_FLOAT32, PRUNE_FLOAT16, PRUNE_BFLOAT16, PRUNE_FLOAT64 };
    for (size_t i = 0; i < 4; i++) {
        prune_tensor *stored = NULL, *pruned = NULL;
        prune_dict *out = NULL;
        assert_ok(prune_tensor_to(&stored, t, dtypes[i]));
        save_one(in_path, "w", stored);
        assert_ok(prune_l1(5, NULL));
        assert_ok(prune_load(&out, out_path, NULL));
        assert_int_equal(prune_tensor_dtype(prune_dict_get(out, "w")), dtypes[i]);
        assert_ok(prune_tensor_to(&pruned, prune_dict_get(out, "w"), PRUNE_FLOAT32));
        assert_values(pruned, -0.0f, 0, -0.0f, NAN, 0, -0.0f, 3, INFINITY);
        prune_tensor_release(stored);
        prune_tensor_release(pruned);
        prune_dict_release(out);
    }
    prune_tensor_release(t);
}

/* The float32 NaN 0x7fa00000 signals; any product makes it quiet. So do the same bits in the others. */
static void a_signalling_nan_becomes_quiet_as_in_any_product(void **state)
{
    (void)state;
    uint16_t half[] = { 0x7D00, 0xFD00, 0x3C00, 0xBC00, 0x7C00, 0x0001 }, as_bfloat[6];
    uint16_t bfloat[] = { 0x7FA0, 0xFFA0, 0x3F80, 0xBF80, 0x7F80, 0x0001 };
    const float mask[] = { 1, 0, 1, 0.5f, 1, -0.0f };
    memcpy(as_bfloat, bfloat, sizeof bfloat);
    pruni_kernel_mask_elements(PRUNI_F16, half, mask, 6);
    pruni_kernel_mask_elements(PRUNI_BF16, bfloat, mask, 6);
    assert_memory_equal(half, ((const uint16_t[]){ 0x7F00, 0xFF00, 0x3C00, 0xB800, 0x7C00, 0x8000 }), sizeof half);
    assert_memory_equal(bfloat, ((const uint16_t[]){ 0x7FE0, 0xFFE0, 0x3F80, 0xBF00, 0x7F80, 0x8000 }), sizeof bfloat);
    const float zero[] = { 0, 0, 0, 0, 0, 0 };
    pruni_kernel_mask_elements(PRUNI_BF16, as_bfloat, zero, 6);
    assert_int_equal(as_bfloat[3], 0x8000);
    assert_true((as_bfloat[4] & 0x7FFF) > 0x7F80); /* infinity times 0 */
}

static void by_default_matrices_are_pruned_and_vectors_not(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict();
    put(dict, "matrix", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "vector", make_tensor(PRUNE_SHAPE(2), 1, 2));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    assert_ok(prune_l1(1, NULL));
    assert_ok(prune_load(&dict, out_path, NULL));
    assert_values(prune_dict_get(dict, "matrix"), 0, 2);
    assert_values(prune_dict_get(dict, "vector"), 1, 2);
    prune_dict_release(dict);
}

static bool choose_vectors(void *context, const prune_checkpoint_tensor *tensor)
{
    int *asked = context;
    (*asked)++;
    assert_int_equal(tensor->size, sizeof *tensor);
    assert_true(tensor->is_floating);
    assert_int_equal(tensor->zeros_before, -1);
    return tensor->ndim == 1;
}

static prune_status collect(void *context, const prune_checkpoint_tensor *tensor)
{
    char *text = context;
    snprintf(text + strlen(text), 400 - strlen(text), "%s %s %d%d%d %d: %d %d, %d/%d\n", tensor->name, tensor->dtype,
             tensor->is_floating, tensor->was_pruned, tensor->is_pruned, (int)tensor->entries,
             (int)tensor->zeros_before, (int)tensor->zeros_after, (int)tensor->tied_pruned, (int)tensor->tied);
    return PRUNE_OK;
}

static void a_report_tells_of_each_tensor(void **state)
{
    (void)state;
    char text[400] = "";
    prune_dict *dict = empty_dict();
    put(dict, "a_orig", make_tensor(PRUNE_SHAPE(2, 2), 3, 1, 1, 2));
    put(dict, "a_mask", make_tensor(PRUNE_SHAPE(2, 2), 0, 1, 1, 1));
    put(dict, "b", make_tensor(PRUNE_SHAPE(2, 2), 0, 1, 1, 1));
    put(dict, "c", make_tensor(PRUNE_SHAPE(2), 0, 1));
    put(dict, "d", make_tensor_of(PRUNE_INT64));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.report = collect;
    options.context = text;
    assert_ok(prune_l1(1, &options));
    assert_string_equal(text, "d I64 000 2: -1 -1, 0/0\n"
                              "a F32 111 4: 1 2, 1/2\n"
                              "b F32 101 4: 1 1, 1/1\n"
                              "c F32 100 2: -1 -1, 0/0\n");
}

static void who_chooses_is_asked_for_floating_point_tensors(void **state)
{
    (void)state;
    int asked = 0;
    prune_dict *dict = empty_dict();
    put(dict, "matrix", make_tensor(PRUNE_SHAPE(1, 2), 1, 2));
    put(dict, "vector", make_tensor(PRUNE_SHAPE(2), 1, 2));
    put(dict, "whole", make_tensor_of(PRUNE_INT64));
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.chooses = choose_vectors;
    options.context = &asked;
    assert_ok(prune_l1(1, &options));
    assert_int_equal(asked, 2);
    assert_ok(prune_load(&dict, out_path, NULL));
    assert_values(prune_dict_get(dict, "matrix"), 1, 2);
    assert_values(prune_dict_get(dict, "vector"), 0, 2);
    prune_dict_release(dict);
}

static void scores_of_a_file_decide(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(2, 2), 1, 2, 3, 4), *scores = make_tensor(PRUNE_SHAPE(2, 2), 9, 8, 7, -6);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    prune_tensor *half = NULL;
    assert_ok(prune_tensor_to(&half, t, PRUNE_FLOAT16));
    save_one(in_path, "w", half);
    save_one(other_path, "w", scores);
    options.scores = other_path;
    for (int whole = 0; whole < 2; whole++) {
        prune_method_options torch = PRUNE_METHOD_OPTIONS_INIT;
        options.method = NULL;
        if (whole)
            assert_ok(prune_method_l1_unstructured(&options.method, prune_count(2), &torch));
        assert_ok(prune_l1(2, &options));
        prune_method_release(options.method);
        assert_ok(prune_load(&dict, out_path,
                             &(prune_load_options){ .size = sizeof(prune_load_options), .to_float32 = true }));
        assert_values(prune_dict_get(dict, "w"), 1, 2, 0, 0);
        prune_dict_release(dict);
    }
    prune_tensor_release(t);
    prune_tensor_release(half);
    prune_tensor_release(scores);
}

static void masks_of_a_file_are_custom_masks(void **state)
{
    (void)state;
    prune_dict *dict = empty_dict(), *masks = empty_dict();
    prune_tensor *bools = NULL, *t = make_tensor(PRUNE_SHAPE(3), 1, 0, 1);
    assert_ok(prune_tensor_to(&bools, t, PRUNE_BOOL));
    prune_tensor_release(t);
    put(dict, "a", make_tensor(PRUNE_SHAPE(3), 1, 2, -3));
    put(dict, "b_orig", make_tensor(PRUNE_SHAPE(3), 1, 2, 3));
    put(dict, "b_mask", make_tensor(PRUNE_SHAPE(3), 0, 1, 1));
    put(dict, "c", make_tensor(PRUNE_SHAPE(1, 1), 1));
    put(masks, "b", make_tensor(PRUNE_SHAPE(3), 1, 0.5f, 0));
    put(masks, "a", bools);
    assert_ok(prune_save(in_path, dict, PRUNE_FORMAT_AUTO));
    assert_ok(prune_save(other_path, masks, PRUNE_FORMAT_AUTO));
    prune_dict_release(dict);
    prune_dict_release(masks);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.masks = other_path;
    options.chooses = choose_all;
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    assert_ok(prune_load(&dict, out_path, NULL));
    assert_int_equal(prune_dict_size(dict), 3);
    assert_values(prune_dict_get(dict, "a"), 1, 0, -3);
    assert_values(prune_dict_get(dict, "b"), 0, 1, 0);
    assert_values(prune_dict_get(dict, "c"), 1);
    prune_dict_release(dict);
}

/* 0.3 is 0.2998046875 as a float16: the mask has the dtype of the weight, as in PyTorch */
static void a_given_mask_is_rounded_to_the_dtype(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1, 1), 1000), *mask = make_tensor(PRUNE_SHAPE(1, 1), 0.3f);
    prune_tensor *half = NULL;
    double value;
    assert_ok(prune_tensor_to(&half, t, PRUNE_FLOAT16));
    save_one(in_path, "w", half);
    save_one(other_path, "w", mask);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.masks = other_path;
    options.keep_masks = true;
    assert_ok(prune_checkpoint(in_path, out_path, &options, NULL));
    assert_ok(prune_load(&dict, out_path, NULL));
    assert_ok(prune_tensor_get(&value, prune_dict_get(dict, "w_mask"), PRUNE_SHAPE(0, 0)));
    assert_true(value == 0.300048828125); /* torch.tensor(0.3, dtype=torch.float16) */
    prune_tensor_release(t);
    prune_tensor_release(half);
    prune_tensor_release(mask);
    prune_dict_release(dict);
}

static void a_file_may_be_its_own_output(void **state)
{
    (void)state;
    prune_dict *dict = NULL;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1, 3), 3, 1, 2);
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.method = method;
    save_one(in_path, "w", t);
    for (int i = 0; i < 2; i++)
        assert_ok(prune_checkpoint(in_path, in_path, &options, NULL));
    assert_ok(prune_load(&dict, in_path, NULL));
    assert_values(prune_dict_get(dict, "w"), 3, 0, 2); /* the zero is the least */
    prune_method_release(method);
    prune_tensor_release(t);
    prune_dict_release(dict);
}

static void without_an_output_it_is_counted_alone(void **state)
{
    (void)state;
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1, 3), 3, 1, 1);
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    prune_checkpoint_result result = { .size = sizeof result };
    options.method = method;
    save_one(in_path, "w", t);
    remove(out_path);
    assert_ok(prune_checkpoint(in_path, NULL, &options, &result));
    assert_null(fopen(out_path, "rb"));
    assert_int_equal(result.tensors, 1);
    assert_int_equal(result.zeros_before, 0);
    assert_int_equal(result.zeros_after, 1);
    assert_int_equal(result.tied, 2);
    assert_int_equal(result.tied_pruned, 1);
    assert_int_equal(result.passes, 3);
    assert_int_equal(result.bytes_read, 36);
    assert_int_equal(result.bytes_written, 0);
    assert_in_range(result.peak_memory, 1, (uint64_t)256 << 20);
    prune_method_release(method);
    prune_tensor_release(t);
}

/* Of the file's order b, a (both F32 after c, which is F64), "c" comes first in the output. */
static void ties_go_in_the_order_of_the_file_whatever_is_written_first(void **state)
{
    (void)state;
    /* written by hand: the order b, a is not the one that this library writes */
    static const char header[] = "{\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                                 "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]}}";
    char bytes[256] = { 0 };
    size_t length = strlen(header);
    bytes[0] = (char)length;
    memcpy(bytes + 8, header, length);
    static const char ones[] = "\0\0\x80\x3f\0\0\x80\x3f\0\0\x80\x3f\0\0\x80\x3f"; /* in any machine's files */
    memcpy(bytes + 8 + length, ones, sizeof ones - 1);
    write_file(in_path, bytes, 8 + length + sizeof ones - 1);
    for (int at_random = 0; at_random < 2; at_random++) {
        prune_dict *dict = NULL;
        prune_method *method = NULL;
        prune_method_options lowest = { sizeof lowest, PRUNE_TIES_LOWEST_INDEX };
        prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
        prune_checkpoint_result result = { .size = sizeof result };
        assert_ok(at_random ? prune_method_random_unstructured(&method, prune_count(3), &lowest)
                            : prune_method_l1_unstructured(&method, prune_count(3), &lowest));
        options.method = method;
        options.global = true;
        prune_manual_seed(NULL, 1);
        assert_ok(prune_checkpoint(in_path, out_path, &options, &result));
        assert_ok(prune_load(&dict, out_path, NULL));
        if (at_random) { /* torch.manual_seed(1); torch.rand(4): the second is the least */
            assert_values(prune_dict_get(dict, "b"), 0, 1);
            assert_values(prune_dict_get(dict, "a"), 0, 0);
        } else {
            assert_int_equal(result.passes, 4);
            assert_values(prune_dict_get(dict, "b"), 0, 0);
            assert_values(prune_dict_get(dict, "a"), 0, 1);
        }
        prune_dict_release(dict);
        prune_method_release(method);
    }
}

/* Values that take many chunks; 1 MiB allows chunks of 4096 entries. */
static void large_tensors_take_little_memory(void **state)
{
    (void)state;
    prune_tensor *t = NULL, *mask = NULL;
    prune_dict *dict = NULL;
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    prune_checkpoint_result result = { .size = sizeof result };
    options.max_memory = 1 << 20;
    assert_ok(prune_rand(&t, PRUNE_SHAPE(600, 1000), PRUNE_FLOAT32, NULL));
    save_one(in_path, "w", t);
    prune_method_options lowest = { sizeof lowest, PRUNE_TIES_LOWEST_INDEX };
    for (int i = 0; i < 2; i++) {
        assert_ok(i == 0 ? prune_method_l1_unstructured(&options.method, prune_fraction(0.3), &lowest)
                         : prune_method_n_m(&options.method, 2, 4, -1));
        assert_ok(prune_checkpoint(in_path, out_path, &options, &result));
        assert_in_range(result.peak_memory, 1 << 19, 1 << 20);
        assert_ok(prune_method_compute_mask(&mask, options.method, t, NULL));
        assert_ok(prune_tensor_mul_(mask, t));
        assert_ok(prune_load(&dict, out_path, NULL));
        assert_same_bits(prune_dict_get(dict, "w"), mask);
        prune_dict_release(dict);
        prune_tensor_release(mask);
        prune_method_release(options.method);
    }
    prune_tensor_release(t);
}

static void other_formats_are_read_and_written(void **state)
{
    (void)state;
    static const char *const paths[] = { "test_checkpoint.pt", "test_checkpoint.npz", "test_checkpoint.npy" };
    prune_tensor *t = make_tensor(PRUNE_SHAPE(1, 3), 3, 1, 2);
    prune_method *method = l1_lowest(1);
    prune_checkpoint_options options = PRUNE_CHECKPOINT_OPTIONS_INIT;
    options.method = method;
    save_one(in_path, "w", t);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_ok(prune_checkpoint(in_path, paths[i], &options, NULL));
        remove(paths[i]);
    }
    prune_method_release(method);
    prune_tensor_release(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_files_are_pruned_as_the_library_does),
        cmocka_unit_test(random_files_of_pruned_tensors_are_pruned_further),
        cmocka_unit_test(weights_keep_their_signs_and_nan),
        cmocka_unit_test(a_signalling_nan_becomes_quiet_as_in_any_product),
        cmocka_unit_test(by_default_matrices_are_pruned_and_vectors_not),
        cmocka_unit_test(a_report_tells_of_each_tensor),
        cmocka_unit_test(who_chooses_is_asked_for_floating_point_tensors),
        cmocka_unit_test(scores_of_a_file_decide),
        cmocka_unit_test(masks_of_a_file_are_custom_masks),
        cmocka_unit_test(a_given_mask_is_rounded_to_the_dtype),
        cmocka_unit_test(a_file_may_be_its_own_output),
        cmocka_unit_test(without_an_output_it_is_counted_alone),
        cmocka_unit_test(ties_go_in_the_order_of_the_file_whatever_is_written_first),
        cmocka_unit_test(large_tensors_take_little_memory),
        cmocka_unit_test(other_formats_are_read_and_written),
    };
    int failed = cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
    remove_files();
    return failed;
}
