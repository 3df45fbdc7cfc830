/* A CustomFromMask keeps the mask that it was given, or that a global prune made, whatever becomes of the buffer: it shares
 * the buffer's memory until somebody is about to write there. */
#include "pruning.h"

#include <string.h>

static const float given[] = { 1, 0, 1, 0.5F };

/* Pruned by the given mask, which is gone. */
static prune_module *by_given_mask(void)
{
    prune_module *net = make_module(PRUNE_SHAPE(2, 2), 4, -3, 2, 1);
    prune_tensor *mask = tensor_with_values(PRUNE_SHAPE(2, 2), given);
    assert_ok(prune_custom_from_mask(net, "weight", mask));
    assert_ok(prune_tensor_fill_(mask, 7));
    prune_tensor_release(mask);
    return net;
}

/* The mask that a CustomFromMask has kept. */
static void assert_kept(prune_method *method, const float *expected, int64_t count)
{
    prune_tensor *t = NULL, *mask = NULL;
    const int64_t sizes[] = { count / 2, 2 };
    assert_string_equal(prune_method_type_name(method), "CustomFromMask");
    assert_ok(prune_tensor_ones(&t, sizes, 2, PRUNE_FLOAT32));
    assert_ok(prune_method_compute_mask(&mask, method, t, NULL));
    assert_memory_equal(prune_tensor_data(mask), expected, (size_t)count * sizeof *expected);
    prune_tensor_release(t);
    prune_tensor_release(mask);
}

static prune_method *method_of(const prune_module *net)
{
    return prune_applied_method(net, "weight");
}

static void the_buffer_is_the_mask(void **state)
{
    (void)state;
    prune_module *net = by_given_mask();
    assert_values(mask_of(net), 1, 0, 1, 0.5F);
    assert_values(weight_of(net), 4, -0.0F, 2, 0.5F);
    assert_kept(method_of(net), given, 4);
    prune_module_release(net);
}

/* ---- Whoever writes to the buffer ---- */

static prune_status by_pointer(prune_module *net)
{
    float *m = prune_tensor_data_mutable(mask_of(net));
    if (!m)
        return prune_last_status();
    m[0] = 8;
    return PRUNE_OK;
}

static prune_status through_a_view(prune_module *net)
{
    prune_tensor *row = NULL;
    if (prune_tensor_select(&row, mask_of(net), 0, 1))
        return prune_last_status();
    float *m = prune_tensor_data_mutable(row);
    if (m)
        m[0] = 9;
    prune_tensor_release(row);
    return m ? PRUNE_OK : prune_last_status();
}

static prune_status one_element(prune_module *net)
{
    return prune_tensor_set(mask_of(net), (const int64_t[]){ 0, 0 }, 2, 0);
}

static prune_status all_elements(prune_module *net)
{
    return prune_tensor_fill_(mask_of(net), 0);
}

static prune_status in_arithmetic(prune_module *net)
{
    return prune_tensor_mul_(mask_of(net), orig_of(net));
}

static prune_status copied_into(prune_module *net)
{
    return prune_tensor_copy_(mask_of(net), orig_of(net));
}

static prune_status loaded(prune_module *net)
{
    prune_dict *dict = NULL;
    prune_tensor *zeros = NULL;
    bool failed = prune_dict_create(&dict) || prune_tensor_zeros(&zeros, PRUNE_SHAPE(2, 2), PRUNE_FLOAT32)
                  || prune_dict_set(dict, "weight_orig", zeros) || prune_dict_set(dict, "weight_mask", zeros)
                  || prune_module_load_state_dict(net, dict, true, NULL);
    prune_tensor_release(zeros);
    prune_dict_release(dict);
    return failed ? prune_last_status() : PRUNE_OK;
}

static prune_status (*const writers[])(prune_module *net) = { by_pointer,    through_a_view, one_element, all_elements,
                                                              in_arithmetic, copied_into,    loaded };

enum { WRITERS = sizeof writers / sizeof writers[0] };

static void writing_leaves_the_kept_mask_alone(void **state)
{
    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        prune_module *net = by_given_mask();
        const float *data = prune_tensor_data(mask_of(net));
        assert_ok(writers[i](net));
        assert_ptr_equal(prune_tensor_data(mask_of(net)), data);
        assert_true(memcmp(data, given, sizeof given) != 0);
        assert_kept(method_of(net), given, 4);
        assert_ok(writers[i](net));
        assert_kept(method_of(net), given, 4);
        prune_module_release(net);
    }
}

/* ---- Without memory ---- */

typedef struct scene {
    prune_module *net, *copy;
    prune_status (*write)(prune_module *net);
} scene;

static prune_status write_to_it(void *context)
{
    scene *s = context;
    return s->write(s->net);
}

static void as_it_was(void *context)
{
    const scene *s = context;
    assert_values(mask_of(s->net), 1, 0, 1, 0.5F);
    assert_kept(method_of(s->net), given, 4);
}

static void start_again(void *context)
{
    scene *s = context;
    prune_module_release(s->net);
    s->net = by_given_mask();
}

static void try_without_memory(prune_status (*write)(prune_module *net))
{
    scene s = { .net = by_given_mask(), .write = write };
    try_every_allocation(write_to_it, as_it_was, start_again, &s);
    prune_module_release(s.net);
}

static void running_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    try_without_memory(by_pointer);
    try_without_memory(through_a_view);
    try_without_memory(one_element);
    try_without_memory(all_elements);
    try_without_memory(in_arithmetic);
    try_without_memory(copied_into);
    try_without_memory(loaded);
}

static prune_status clone_it(void *context)
{
    scene *s = context;
    return prune_module_clone(&s->copy, s->net);
}

static void release_the_copy(void *context)
{
    scene *s = context;
    prune_module_release(s->copy);
}

static void a_copy_without_memory_changes_nothing(void **state)
{
    (void)state;
    scene s = { .net = by_given_mask() };
    try_every_allocation(clone_it, as_it_was, release_the_copy, &s);
    prune_module_release(s.net);
}

static void a_pointer_for_writing_takes_memory_once(void **state)
{
    (void)state;
    prune_module *net = by_given_mask();
    fail_allocation(0, true);
    assert_null(prune_tensor_data_mutable(mask_of(net)));
    assert_int_equal(prune_last_status(), PRUNE_ERROR_MEMORY);
    fail_allocation(-1, false);
    assert_non_null(prune_tensor_data_mutable(mask_of(net)));
    fail_allocation(0, true);
    assert_non_null(prune_tensor_data_mutable(mask_of(net)));
    fail_allocation(-1, false);
    prune_module_release(net);
}

/* ---- Later prunes ---- */

static void a_later_prune_rewrites_the_buffer_in_place(void **state)
{
    (void)state;
    prune_module *net = by_given_mask();
    const float *data = prune_tensor_data(mask_of(net));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_ptr_equal(prune_tensor_data(mask_of(net)), data);
    assert_values(mask_of(net), 1, 0, 0, 0.5F);
    assert_kept(prune_container_get(method_of(net), 0), given, 4);
    prune_tensor *mask = make_tensor(PRUNE_SHAPE(2, 2), 0, 1, 1, 1);
    assert_ok(prune_custom_from_mask(net, "weight", mask));
    assert_ok(prune_tensor_fill_(mask, 5));
    assert_ptr_equal(prune_tensor_data(mask_of(net)), data);
    assert_values(mask_of(net), 0, 0, 0, 0.5F);
    assert_kept(prune_container_get(method_of(net), 2), (const float[]){ 0, 1, 1, 1 }, 4);
    prune_tensor_release(mask);
    prune_module_release(net);
}

/* Then the buffer moves, and the kept mask stays where it is. */
static void a_later_prune_of_a_mask_that_others_see_takes_new_memory(void **state)
{
    (void)state;
    prune_module *net = by_given_mask();
    prune_dict *backup = NULL;
    assert_ok(prune_module_state_dict(&backup, net, false));
    assert_ok(prune_l1_unstructured(net, "weight", prune_count(1), NULL));
    assert_values(mask_of(net), 1, 0, 0, 0.5F);
    assert_values(prune_dict_get(backup, "weight_mask"), 1, 0, 1, 0.5F);
    assert_kept(prune_container_get(method_of(net), 0), given, 4);
    assert_ok(prune_tensor_fill_(prune_dict_get(backup, "weight_mask"), 3));
    assert_kept(prune_container_get(method_of(net), 0), given, 4);
    prune_dict_release(backup);
    prune_module_release(net);
}

static void a_prune_that_fails_leaves_both(void **state)
{
    (void)state;
    prune_module *net = by_given_mask();
    assert_fails(prune_l1_unstructured(net, "weight", prune_count(5), NULL), PRUNE_ERROR_VALUE,
                 "amount=5 should be smaller than the number of parameters to prune=2");
    assert_values(mask_of(net), 1, 0, 1, 0.5F);
    assert_kept(method_of(net), given, 4);
    prune_module_release(net);
}

/* ---- Global ---- */

static void global_prunes_keep_their_slices(void **state)
{
    (void)state;
    prune_module *a = make_module(PRUNE_SHAPE(2, 2), 4, -3, 2, 1), *b = make_module(PRUNE_SHAPE(1, 2), 0.5F, 5);
    const prune_parameter all[] = { { a, "weight", NULL }, { b, "weight", NULL } };
    prune_method *l1 = NULL;
    assert_ok(prune_method_l1_unstructured(&l1, prune_count(2), NULL));
    assert_ok(prune_global_unstructured(all, 2, l1));
    assert_ok(prune_tensor_fill_(mask_of(a), 1));
    assert_values(mask_of(b), 0, 1);
    assert_kept(method_of(a), (const float[]){ 1, 1, 1, 0 }, 4);
    assert_kept(method_of(b), (const float[]){ 0, 1 }, 2);
    assert_ok(prune_global_unstructured(all, 2, l1));
    assert_kept(prune_container_get(method_of(b), 0), (const float[]){ 0, 1 }, 2);
    prune_method_release(l1);
    prune_module_release(a);
    prune_module_release(b);
}

/* The second slice is multiplied into the buffer that the first one made. */
static void a_parameter_listed_twice_keeps_both_slices(void **state)
{
    (void)state;
    prune_module *net = make_module(PRUNE_SHAPE(1, 2), 1, 2);
    prune_tensor *scores = make_tensor(PRUNE_SHAPE(1, 2), 2, 1);
    const prune_parameter all[] = { { net, "weight", NULL }, { net, "weight", scores } };
    prune_method *l1 = NULL;
    assert_ok(prune_method_l1_unstructured(&l1, prune_count(2), NULL));
    assert_ok(prune_global_unstructured(all, 2, l1));
    assert_values(mask_of(net), 0, 0);
    assert_kept(prune_container_get(method_of(net), 0), (const float[]){ 0, 1 }, 2);
    assert_kept(prune_container_get(method_of(net), 1), (const float[]){ 1, 0 }, 2);
    prune_method_release(l1);
    prune_tensor_release(scores);
    prune_module_release(net);
}

/* ---- Lives of their own ---- */

static void a_copy_of_the_module_keeps_its_own(void **state)
{
    (void)state;
    prune_module *net = by_given_mask(), *copy = NULL;
    assert_ok(prune_module_clone(&copy, net));
    assert_ok(prune_tensor_fill_(mask_of(net), 0));
    assert_kept(method_of(copy), given, 4);
    assert_values(mask_of(copy), 1, 0, 1, 0.5F);
    prune_module_release(net);
    assert_ok(prune_tensor_fill_(mask_of(copy), 2));
    assert_kept(method_of(copy), given, 4);
    prune_module_release(copy);
}

static void the_method_and_the_buffer_outlive_the_module(void **state)
{
    (void)state;
    prune_module *net = by_given_mask();
    prune_method *method = prune_method_retain(method_of(net));
    prune_tensor *mask = prune_tensor_retain(mask_of(net));
    prune_module_release(net);
    assert_ok(prune_tensor_fill_(mask, 2));
    assert_kept(method, given, 4);
    prune_tensor_release(mask);
    assert_kept(method, given, 4);
    prune_method_release(method);

    net = by_given_mask();
    mask = prune_tensor_retain(mask_of(net));
    assert_ok(prune_remove(net, "weight")); /* and the method is gone */
    assert_ok(prune_tensor_fill_(mask, 2));
    assert_values(mask, 2, 2, 2, 2);
    prune_tensor_release(mask);
    prune_module_release(net);
}

static void removing_writes_elsewhere_where_the_parameter_is_a_kept_mask(void **state)
{
    (void)state;
    prune_module *net = by_given_mask(), *other = NULL;
    assert_ok(prune_module_create(&other, "Net", NULL, NULL));
    assert_ok(prune_module_register_parameter(other, "weight", mask_of(net)));
    assert_ok(prune_l1_unstructured(other, "weight", prune_count(3), NULL));
    assert_ok(prune_remove(other, "weight"));
    assert_ptr_equal(weight_of(other), mask_of(net));
    assert_kept(method_of(net), given, 4);
    prune_module_release(other);
    prune_module_release(net);
}

static void loaded_masks_are_kept_too(void **state)
{
    (void)state;
    prune_module *pruned = by_given_mask(), *net = make_module(PRUNE_SHAPE(2, 2), 0, 0, 0, 0);
    prune_dict *dict = NULL;
    assert_ok(prune_module_state_dict(&dict, pruned, false));
    assert_ok(prune_load_pruned_state_dict(net, dict, true, NULL));
    prune_dict_release(dict);
    prune_module_release(pruned);
    assert_ok(prune_tensor_fill_(mask_of(net), 0));
    assert_kept(method_of(net), given, 4);
    prune_module_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_buffer_is_the_mask),
        cmocka_unit_test(writing_leaves_the_kept_mask_alone),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
        cmocka_unit_test(a_copy_without_memory_changes_nothing),
        cmocka_unit_test(a_pointer_for_writing_takes_memory_once),
        cmocka_unit_test(a_later_prune_rewrites_the_buffer_in_place),
        cmocka_unit_test(a_later_prune_of_a_mask_that_others_see_takes_new_memory),
        cmocka_unit_test(a_prune_that_fails_leaves_both),
        cmocka_unit_test(global_prunes_keep_their_slices),
        cmocka_unit_test(a_parameter_listed_twice_keeps_both_slices),
        cmocka_unit_test(a_copy_of_the_module_keeps_its_own),
        cmocka_unit_test(the_method_and_the_buffer_outlive_the_module),
        cmocka_unit_test(removing_writes_elsewhere_where_the_parameter_is_a_kept_mask),
        cmocka_unit_test(loaded_masks_are_kept_too),
    };
    return cmocka_run_group_tests_name("kept masks", tests, count_allocations, expect_no_leak);
}
