/* What several threads may do at a time: work on modules of their own, read a module that nobody changes, share storage.
 * Built with ThreadSanitizer it sees races besides. */
#include "threads_support.h"

#if !PRUNE_TEST_THREADS

int main(void)
{
    puts("no threads here: nothing to test");
    return 0;
}

#else

enum { ROUNDS = 50 };

/* ---- Modules of one's own ---- */

static prune_status prune_and_call(prune_module *module, prune_tensor *x, prune_sparsity_counts *counts)
{
    prune_tensor *y = NULL;
    bool failed = prune_l1_unstructured(module, "weight", prune_fraction(0.5), NULL)
                  || prune_random_unstructured(module, "weight", prune_count(2)) || prune_module_call(&y, module, x)
                  || prune_sparsity(counts, module, "weight") || prune_remove(module, "weight");
    prune_tensor_release(y);
    return failed ? prune_last_status() : PRUNE_OK;
}

static void work_on_own_module(test_job *job)
{
    for (int round = 0; round < ROUNDS; round++) {
        prune_module *module = NULL;
        prune_sparsity_counts counts = { 0, 0 };
        bool failed = prune_linear_create(&module, 8, 4, NULL) || prune_and_call(module, job->context, &counts);
        prune_module_release(module);
        job->failures += failed || counts.zeros != 18 || counts.entries != 32;
    }
}

static void threads_prune_and_call_modules_of_their_own(void **state)
{
    (void)state;
    prune_tensor *x = NULL;
    assert_ok(prune_tensor_ones(&x, PRUNE_SHAPE(2, 8), PRUNE_FLOAT32));
    assert_int_equal(run_in_threads(work_on_own_module, x), 0);
    prune_tensor_release(x);
}

/* ---- One module that nobody changes ---- */

static void read_shared_module(test_job *job)
{
    prune_module *net = job->context;
    for (int round = 0; round < ROUNDS; round++) {
        prune_tensor *x = NULL, *y = NULL;
        prune_dict *dict = NULL;
        prune_module *copy = NULL;
        bool failed = prune_tensor_ones(&x, PRUNE_SHAPE(2, 8), PRUNE_FLOAT32) || prune_module_call(&y, net, x)
                      || prune_module_state_dict(&dict, net, false) || prune_module_clone(&copy, net)
                      || prune_dict_size(dict) != 4 || prune_is_pruned(net);
        prune_tensor_release(x);
        prune_tensor_release(y);
        prune_dict_release(dict);
        prune_module_release(copy);
        job->failures += failed;
    }
}

static void threads_call_one_module_that_nobody_changes(void **state)
{
    (void)state;
    prune_module *layers[3], *net = NULL;
    assert_ok(prune_linear_create(&layers[0], 8, 6, NULL));
    assert_ok(prune_relu_create(&layers[1], false));
    assert_ok(prune_linear_create(&layers[2], 6, 3, NULL));
    assert_ok(prune_sequential_create(&net, layers, 3));
    assert_int_equal(run_in_threads(read_shared_module, net), 0);
    prune_module_release(net);
    for (int i = 0; i < 3; i++)
        prune_module_release(layers[i]);
}

/* ---- Tensors that share storage ---- */

/* Each thread writes its own row, through views that come and go. */
static void write_own_row(test_job *job)
{
    prune_tensor *t = job->context;
    for (int round = 0; round < ROUNDS; round++) {
        prune_tensor *row = NULL;
        bool failed = prune_tensor_select(&row, t, 0, job->number) || prune_tensor_fill_(row, job->number + 1);
        prune_tensor_release(prune_tensor_retain(t));
        prune_tensor_release(row);
        job->failures += failed;
    }
}

static void threads_write_rows_of_one_storage(void **state)
{
    (void)state;
    prune_tensor *t = NULL;
    assert_ok(prune_tensor_zeros(&t, PRUNE_SHAPE(TEST_THREADS, 2), PRUNE_FLOAT32));
    assert_int_equal(run_in_threads(write_own_row, t), 0);
    assert_values(t, 1, 1, 2, 2, 3, 3, 4, 4);
    prune_tensor_release(t);
}

/* ---- The last error ---- */

static void fail_in_own_words(test_job *job)
{
    char words[32];
    (void)snprintf(words, sizeof words, "thread %d", job->number);
    for (int round = 0; round < ROUNDS; round++) {
        (void)prune_fail(PRUNE_ERROR_VALUE, "%s", words);
        prune_tensor *t = NULL;
        job->failures += prune_tensor_ones(&t, PRUNE_SHAPE(64), PRUNE_FLOAT32) != PRUNE_OK;
        prune_tensor_release(t);
        job->failures += strcmp(prune_last_error(), words) != 0 || prune_last_status() != PRUNE_ERROR_VALUE;
    }
}

static void each_thread_has_its_own_last_error(void **state)
{
    (void)state;
    (void)prune_fail(PRUNE_ERROR_KEY, "main");
    assert_int_equal(run_in_threads(fail_in_own_words, NULL), 0);
    assert_string_equal(prune_last_error(), "main");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_prune_and_call_modules_of_their_own),
        cmocka_unit_test(threads_call_one_module_that_nobody_changes),
        cmocka_unit_test(threads_write_rows_of_one_storage),
        cmocka_unit_test(each_thread_has_its_own_last_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
