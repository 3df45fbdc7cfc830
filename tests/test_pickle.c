/* Pickles: what each opcode makes, and each way in which one can be wrong. Expected values are those of Python's
 * pickle.loads, as repr() shows them, where it loads the pickle. */
#include "zip_support.h"

#include "io/pickle.h"

static const char path[] = "test_pickle.tmp";

/* ---- Showing values ---- */

static void show_global(char *out, size_t room, const pruni_pickle *pickle, const pruni_pickle_value *value)
{
    pruni_pickle_text module = value->as.global.module;
    pruni_pickle_text name = value->as.global.name;
    snprintf(out, room, "<%.*s.%.*s>", (int)module.length, pruni_pickle_chars(pickle, module), (int)name.length,
             pruni_pickle_chars(pickle, name));
}

/* Of what the tests make, which is not deep. NOLINTNEXTLINE(misc-no-recursion) */
static void add_shown(char *out, size_t room, const pruni_pickle *pickle, pruni_pickle_id id)
{
    static const char *const open = "([{", *const close = ")]}";
    const pruni_pickle_value *value = pruni_pickle_get(pickle, id);
    size_t used = strlen(out);
    char *end = out + used;
    room -= used;
    switch (value->kind) {
    case PRUNI_PICKLE_NULL:
        snprintf(end, room, "None");
        return;
    case PRUNI_PICKLE_BOOL:
        snprintf(end, room, "%s", value->as.integer ? "True" : "False");
        return;
    case PRUNI_PICKLE_INT:
        snprintf(end, room, "%lld", (long long)value->as.integer);
        return;
    case PRUNI_PICKLE_BIG_INT:
        snprintf(end, room, "big(%u)", value->as.text.length);
        return;
    case PRUNI_PICKLE_FLOAT:
        snprintf(end, room, "float");
        return;
    case PRUNI_PICKLE_STRING:
    case PRUNI_PICKLE_BYTES:
        snprintf(end, room, "%s'%.*s'", value->kind == PRUNI_PICKLE_BYTES ? "b" : "", (int)value->as.text.length,
                 pruni_pickle_chars(pickle, value->as.text));
        return;
    case PRUNI_PICKLE_GLOBAL:
        show_global(end, room, pickle, value);
        return;
    case PRUNI_PICKLE_PERSISTENT:
        snprintf(end, room, "id");
        add_shown(out, room + used, pickle, value->as.persistent);
        return;
    case PRUNI_PICKLE_OBJECT:
        add_shown(out, room + used, pickle, value->as.object.callable);
        add_shown(out, room + used, pickle, value->as.object.arguments);
        snprintf(out + strlen(out), room + used - strlen(out), "%s", value->has_state ? "+state" : "");
        return;
    default:
        break;
    }
    int shape = value->kind == PRUNI_PICKLE_TUPLE ? 0 : value->kind == PRUNI_PICKLE_LIST ? 1 : 2;
    bool is_dict = value->kind == PRUNI_PICKLE_DICT;
    snprintf(end, room, "%c", open[shape]);
    for (uint32_t i = 0; i < value->count; i++) {
        const char *between = i == 0 ? "" : is_dict && i % 2 == 1 ? ": " : ", ";
        snprintf(out + strlen(out), room + used - strlen(out), "%s", between);
        add_shown(out, room + used, pickle, pruni_pickle_item(pickle, value, i));
    }
    snprintf(out + strlen(out), room + used - strlen(out), "%c", close[shape]);
}

/* ---- Running ---- */

static prune_status run(pruni_pickle *pickle, const char *code, size_t size)
{
    unsigned char *copy = pruni_alloc(size);
    if (!copy)
        return PRUNE_ERROR_MEMORY;
    memcpy(copy, code, size);
    return pruni_pickle_open(pickle, NULL, copy, size);
}

static void write_bytes(const char *code, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(code, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static void expect_shown(const char *code, size_t size, const char *expected)
{
    char shown[512] = "";
    uint64_t end = 0;
    pruni_pickle pickle = { .result = 0 };
    pruni_input input;
    assert_ok(run(&pickle, code, size));
    add_shown(shown, sizeof shown, &pickle, pickle.result);
    assert_string_equal(shown, expected);
    pruni_pickle_close(&pickle);

    write_bytes(code, size);
    assert_ok(pruni_input_open(&input, path));
    assert_ok(pruni_pickle_open_at(&pickle, &input, 0, &end));
    assert_int_equal(end, size);
    shown[0] = '\0';
    add_shown(shown, sizeof shown, &pickle, pickle.result);
    assert_string_equal(shown, expected);
    pruni_pickle_close(&pickle);
    pruni_input_close(&input);
    remove(path);
}

#define assert_loads(code, expected) expect_shown((code), sizeof(code) - 1, (expected))

static void expect_fault(const char *code, size_t size, const char *fault, const char *words)
{
    pruni_pickle pickle;
    char start[32];
    prune_status expected = strcmp(fault, "unsafe") == 0 || strcmp(fault, "unsup") == 0 ? PRUNE_ERROR_UNSUPPORTED
                                                                                        : PRUNE_ERROR_FORMAT;
    int64_t blocks = live_allocations();
    prune_status status = run(&pickle, code, size);
    snprintf(start, sizeof start, "%s: pickle, byte ", fault);
    if (status != expected || strncmp(prune_last_error(), start, strlen(start)) != 0
        || !strstr(prune_last_error(), words))
        fail_msg("gave %s, \"%s\", expected %s: %s", prune_status_name(status), status ? prune_last_error() : "", fault,
                 words);
    assert_int_equal(live_allocations(), blocks);
}

#define assert_fault(code, fault, words) expect_fault((code), sizeof(code) - 1, (fault), (words))

/* ---- What is read ---- */

static void numbers(void **state)
{
    (void)state;
    assert_loads("N.", "None");
    assert_loads("\x80\x02\x88.", "True");
    assert_loads("\x80\x02\x89.", "False");
    assert_loads("K\xff.", "255");
    assert_loads("M\xff\xff.", "65535");
    assert_loads("J\xff\xff\xff\x7f.", "2147483647");
    assert_loads("J\xff\xff\xff\xff.", "-1");
    assert_loads("J\x00\x00\x00\x80.", "-2147483648");
    assert_loads("\x8a\x00.", "0");
    assert_loads("\x8a\x01\x80.", "-128");
    assert_loads("\x8a\x02\x80\x00.", "128");
    assert_loads("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.", "9223372036854775807");
    assert_loads("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.", "-9223372036854775808");
    assert_loads("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00.", "big(9)");
    assert_loads("\x8b\x02\x00\x00\x00\x39\x30.", "12345");
    assert_loads("I12\n.", "12");
    assert_loads("I-7\n.", "-7");
    assert_loads("I01\n.", "True");
    assert_loads("I00\n.", "False");
    assert_loads("L12L\n.", "12");
    assert_loads("L119547037146038801333356L\n.", "big(24)");
    assert_loads("L-119547037146038801333356L\n.", "big(25)");
    assert_loads("G\x3f\xf0\0\0\0\0\0\0.", "float");
    assert_loads("F1.5\n.", "float");
}

static void strings(void **state)
{
    (void)state;
    assert_loads("\x8c\x02hi.", "'hi'");
    assert_loads("X\x02\0\0\0hi.", "'hi'");
    assert_loads("\x8d\x02\0\0\0\0\0\0\0hi.", "'hi'");
    assert_loads("U\x02hi.", "'hi'");
    assert_loads("T\x02\0\0\0hi.", "'hi'");
    assert_loads("S'hi'\n.", "'hi'");
    assert_loads("S\"hi\"\n.", "'hi'");
    assert_loads("Vhi\n.", "'hi'");
    assert_loads("C\x02hi.", "b'hi'");
    assert_loads("B\x02\0\0\0hi.", "b'hi'");
    assert_loads("\x8e\x02\0\0\0\0\0\0\0hi.", "b'hi'");
    assert_loads("\x96\x02\0\0\0\0\0\0\0hi.", "b'hi'");
    assert_loads("X\0\0\0\0.", "''");
}

static void containers(void **state)
{
    (void)state;
    assert_loads(").", "()");
    assert_loads("].", "[]");
    assert_loads("}.", "{}");
    assert_loads("\x8f.", "{}");
    assert_loads("(K\1K\2t.", "(1, 2)");
    assert_loads("(K\1K\2l.", "[1, 2]");
    assert_loads("(K\1K\2d.", "{1: 2}");
    assert_loads("K\1\x85.", "(1)");
    assert_loads("K\1K\2\x86.", "(1, 2)");
    assert_loads("K\1K\2K\3\x87.", "(1, 2, 3)");
    assert_loads("]K\1a(K\2K\3e.", "[1, 2, 3]");
    assert_loads("}K\1K\2s(K\3K\4K\5K\6u.", "{1: 2, 3: 4, 5: 6}");
    assert_loads("\x8f(K\1K\2\x90.", "{1, 2}");
    assert_loads("(K\1K\2\x91.", "{1, 2}");
    assert_loads("](e.", "[]");
}

static void stack_and_memo(void **state)
{
    (void)state;
    assert_loads("K\1K\2"
                 "0.",
                 "1");
    assert_loads("K\1(0.", "1");
    assert_loads("K\1(K\2K\3"
                 "1.",
                 "1");
    assert_loads("K\1"
                 "2\x86.",
                 "(1, 1)");
    assert_loads("]q\0h\0\x86.", "([], [])");
    assert_loads("]r\1\0\0\0j\1\0\0\0\x86.", "([], [])");
    assert_loads("]p5\ng5\n\x86.", "([], [])");
    assert_loads("\x80\x04\x95\x08\0\0\0\0\0\0\0]\x94K\1\x94h\1\x87.", "([], 1, 1)");
}

static void calls_are_only_described(void **state)
{
    (void)state;
    assert_loads("cos\nsystem\n.", "<os.system>");
    assert_loads("\x8c\2os\x8c\6system\x93.", "<os.system>");
    assert_loads("cos\nsystem\nU\2ls\x85R.", "<os.system>('ls')");
    assert_loads("cm\nC\n)\x81.", "<m.C>()");
    assert_loads("cm\nC\n)}\x92.", "<m.C>()");
    assert_loads("cm\nC\n)\x81}b.", "<m.C>()+state");
    assert_loads("cm\nC\n)\x81K\1a(K\1K\2u.", "<m.C>()");
    assert_loads("cm\nf\n)R)R.", "<m.f>()()");
    assert_loads("cm\nC\n}b.", "<m.C>");
    assert_loads("U\1aQ.", "id'a'");
    assert_loads("U\1aQ)R.", "id'a'()");
}

static void dicts_of_other_classes_are_dicts(void **state)
{
    (void)state;
    assert_loads("ccollections\nOrderedDict\n)RK\1K\2s.", "{1: 2}");
    assert_loads("ccollections\nOrderedDict\n)RK\1K\2s}b.", "{1: 2}");
    assert_loads("ccollections\nOrderedDict\n]](K\1K\2eaK\3K\4\x86"
                 "a\x85R.",
                 "{1: 2, 3: 4}"); /* Python 2 */
    assert_loads("ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RK\1K\2s.", "{1: 2}");
    assert_loads("ccollections\nCounter\n}K\1K\2s\x85RK\3K\4s.", "{1: 2, 3: 4}");
    assert_loads("cbuiltins\ndict\n)R.", "{}");
    assert_fault("ccollections\nOrderedDict\n]K\1a\x85R.", "schema", "a dict of what are no pairs");
    assert_fault("ccollections\nOrderedDict\n]]a\x85R.", "schema", "a dict of what are no pairs");
}

/* ---- What is not ---- */

static void syntax(void **state)
{
    (void)state;
    assert_fault("\xff.", "syntax", "byte 0: there is no opcode 0xff");
    assert_fault("N\0.", "syntax", "byte 1: there is no opcode 0x00");
    assert_fault(".", "syntax", "the stack is empty");
    assert_fault("(.", "syntax", "the stack is empty");
    assert_fault("0.", "syntax", "the stack is empty");
    assert_fault("2.", "syntax", "the stack is empty");
    assert_fault("1.", "syntax", "there is no MARK");
    assert_fault("t.", "syntax", "there is no MARK");
    assert_fault("]e.", "syntax", "there is no MARK");
    assert_fault("(u.", "syntax", "the stack is empty");
    assert_fault("a.", "syntax", "the stack is empty");
    assert_fault("}K\1s.", "syntax", "the stack is empty");
    assert_fault("]K\1(K\2\x86.", "syntax", "the stack has not 2 values");
    assert_fault("K\1(a.", "syntax", "the stack is empty");
    assert_fault("\x85.", "syntax", "the stack has not 1 values");
    assert_fault("q\0.", "syntax", "the stack is empty");
    assert_fault("h\0.", "syntax", "nothing is in memo 0");
    assert_fault("Nq\1h\0.", "syntax", "nothing is in memo 0");
    assert_fault("Npx\n.", "syntax", "the number of a memo");
    assert_fault("Np-1\n.", "syntax", "the number of a memo");
    assert_fault("g\n.", "syntax", "the number of a memo");
    assert_fault("I1x\n.", "syntax", "a number is none");
    assert_fault("I\n.", "syntax", "a number is none");
    assert_fault("L-\n.", "syntax", "a number is none");
    assert_fault("Shi\n.", "syntax", "a string without its quotes");
    assert_fault("S'\n.", "syntax", "a string without its quotes");
    assert_fault("S'a\"\n.", "syntax", "a string without its quotes");
    assert_fault("NR.", "syntax", "the stack is empty");
    assert_fault("b.", "syntax", "the stack is empty");
    assert_fault("Nb.", "syntax", "the stack is empty");
    assert_fault("Q.", "syntax", "the stack is empty");
    assert_fault("\x93.", "syntax", "the stack is empty");
    assert_fault("\x92.", "syntax", "the stack is empty");
}

static void schema(void **state)
{
    (void)state;
    assert_fault("NK\1a.", "schema", "items for None");
    assert_fault("]K\1K\2s.", "schema", "keys and values for a list");
    assert_fault("](K\1K\2u.", "schema", "keys and values for a list");
    assert_fault("}(K\1\x90.", "schema", "items for a dict");
    assert_fault("}(K\1u.", "schema", "a key without its value");
    assert_fault("(K\1d.", "schema", "a key without its value");
    assert_fault("cm\nC\n)\x81(K\1u.", "schema", "a key without its value");
    assert_fault("K\1)R.", "schema", "an int cannot be called so");
    assert_fault("cm\nf\n]R.", "schema", "'m.f' cannot be called so");
    assert_fault("cm\nf\n)N\x92.", "schema", "keyword arguments that are no dict");
    assert_fault("K\1}b.", "schema", "a state for an int");
    assert_fault("NU\1a\x93.", "schema", "the name of a global is no string");
    assert_fault("U\1aN\x93.", "schema", "the name of a global is no string");
}

static void what_reaches_outside_is_unsafe_at_once(void **state)
{
    (void)state;
    assert_fault("Pid\n.", "unsafe", "opcode 0x50 reaches outside the pickle");
    assert_fault("(ios\nsystem\n.", "unsafe", "opcode 0x69");
    assert_fault("(cos\nsystem\no.", "unsafe", "opcode 0x6f");
    assert_fault("\x82\1.", "unsafe", "opcode 0x82");
    assert_fault("\x83\1\0.", "unsafe", "opcode 0x83");
    assert_fault("\x84\1\0\0\0.", "unsafe", "opcode 0x84");
    assert_fault("\x97.", "unsafe", "opcode 0x97");
    assert_fault("\x98.", "unsafe", "opcode 0x98");
    assert_fault("\x80\x06.", "unsup", "protocol 6");
}

static void ends(void **state)
{
    (void)state;
    assert_fault("", "truncated", "byte 0: the pickle ends after 0 bytes");
    assert_fault("N", "truncated", "byte 1: the pickle ends after 1 bytes");
    assert_fault("N.N", "layout", "1 bytes follow the STOP");
    assert_fault("X\3\0\0\0hi", "truncated", "byte 0: the pickle ends after 7 bytes");
    assert_fault("\x8d\xff\xff\xff\xff\xff\xff\xff\xffhi.", "truncated", "ends after 12 bytes");
    assert_fault("X\xff\xff\xff\xff"
                 "hi.",
                 "truncated", "ends after 8 bytes");
    assert_fault("B\xff\xff\xff\xff"
                 "hi.",
                 "truncated", "ends after 8 bytes");
    assert_fault("\x8a\x05\1.", "truncated", "ends after 4 bytes");
    assert_fault("\x8b\xff\xff\xff\xff.", "truncated", "ends after 6 bytes");
    assert_fault("K", "truncated", "ends after 1 bytes");
    assert_fault("J\1\2\3", "truncated", "ends after 4 bytes");
    assert_fault("G\0", "truncated", "ends after 2 bytes");
    assert_fault("F1.5", "truncated", "ends after 4 bytes");
    assert_fault("cos\nsystem", "truncated", "ends after 10 bytes");
    assert_fault("I1", "truncated", "ends after 2 bytes");
    assert_fault("V", "truncated", "ends after 1 bytes");
    assert_fault("S", "truncated", "ends after 1 bytes");
    assert_fault("Np1", "truncated", "ends after 3 bytes");
    assert_fault("g1", "truncated", "ends after 2 bytes");
    assert_fault("Nr\1", "truncated", "ends after 3 bytes");
    assert_fault("h", "truncated", "ends after 1 bytes");
    assert_fault("\x8b\1", "truncated", "ends after 2 bytes");
    assert_fault("\x80", "truncated", "ends after 1 bytes");
    assert_fault("\x95\1\1", "truncated", "ends after 3 bytes");
    assert_fault("\x95\2\0\0\0\0\0\0\0.", "truncated", "ends after 10 bytes");
}

static void limits(void **state)
{
    (void)state;
    enum { LONG = 70000 };
    assert_fault("Nr\xff\xff\xff\xff.", "limit", "memo 4294967295 is beyond the pickle's length");
    assert_fault("Np999999999999999999\n.", "limit", "memo 999999999999999999");
    assert_loads("Nr\0\1\0\0j\0\1\0\0\x86.", "(None, None)");
    char *code = malloc(LONG);
    assert_non_null(code);
    memset(code, 'I', LONG);
    expect_fault(code, LONG, "limit", "a line of more than 65536 bytes");
    free(code);
}

/* What makes a container of pairs: how it begins, each pair, and how it ends. */
typedef struct pairs {
    const char *begin, *pair, *end;
} pairs;

static const pairs list_of_pairs = { "](", "NN\x86", "e" }, dict_of_pairs = { "}(", "NN", "u" };

/* Dicts made of a container of pairs. */
static bytes copies_of(const pairs *made, int pair_count, int copies)
{
    bytes code = { NULL, 0 };
    add_text(&code, "ccollections\nOrderedDict\nq\1"
                    "0");
    add_text(&code, made->begin);
    for (int i = 0; i < pair_count; i++)
        add_text(&code, made->pair);
    add_text(&code, made->end);
    add_text(&code, "\x85q\2"
                    "0(");
    for (int i = 0; i < copies; i++)
        add_text(&code, "h\1h\2R");
    add_text(&code, "t.");
    return code;
}

/* Of N pairs and M dicts: were all copied, there would be N M items. */
static void copies_are_bounded(void **state)
{
    (void)state;
    const pairs *made[] = { &list_of_pairs, &dict_of_pairs };
    for (int i = 0; i < 2; i++) {
        bytes code = copies_of(made[i], 1000, 1000);
        expect_fault((const char *)code.data, code.size, "limit", "more items than bytes");
        free(code.data);
    }
}

/* ---- From an input ---- */

static void pickles_may_follow_each_other(void **state)
{
    (void)state;
    static const char both[] = "K\1.X\5\0\0\0hello.";
    uint64_t end = 0;
    pruni_pickle pickle;
    pruni_input input;
    pruni_input_from_memory(&input, both, sizeof both - 1);
    assert_ok(pruni_pickle_open_at(&pickle, &input, 0, &end));
    assert_int_equal(end, 3);
    pruni_pickle_close(&pickle);
    assert_ok(pruni_pickle_open_at(&pickle, &input, end, &end));
    assert_int_equal(end, sizeof both - 1);
    assert_int_equal(pruni_pickle_get(&pickle, pickle.result)->kind, PRUNI_PICKLE_STRING);
    pruni_pickle_close(&pickle);
    assert_fails(pruni_pickle_open_at(&pickle, &input, end, &end), PRUNE_ERROR_FORMAT,
                 "truncated: pickle, byte 0: the pickle ends after 0 bytes");
    assert_fails(pruni_pickle_open_at(&pickle, &input, 4, &end), PRUNE_ERROR_FORMAT, "there is no opcode 0x05");
}

static void strings_may_be_longer_than_what_is_read_at_once(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    bytes file = { NULL, 0 };
    uint64_t end = 0;
    pruni_pickle pickle;
    pruni_input input;
    add_text(&file, "X");
    add_le(&file, LENGTH, 4);
    for (int i = 0; i < LENGTH; i++)
        add_text(&file, "x");
    add_text(&file, "q");
    add_bytes(&file, "\0.", 2);
    pruni_input_from_memory(&input, file.data, file.size);
    assert_ok(pruni_pickle_open_at(&pickle, &input, 0, &end));
    assert_int_equal(end, file.size);
    assert_int_equal(pruni_pickle_get(&pickle, pickle.result)->as.text.length, LENGTH);
    pruni_pickle_close(&pickle);
    put_le(file.data + 1, LENGTH + 100, 4);
    assert_fails(pruni_pickle_open_at(&pickle, &input, 0, &end), PRUNE_ERROR_FORMAT, "truncated: ");
    put_le(file.data + 1, UINT32_MAX, 4);
    assert_fails(pruni_pickle_open_at(&pickle, &input, 0, &end), PRUNE_ERROR_FORMAT,
                 "limit: pickle, byte 0: a pickle of more than 1073741824 bytes");
    free(file.data);
}

/* ---- Memory ---- */

static prune_status run_large(void *context)
{
    (void)context;
    static const char code[] = "ccollections\nOrderedDict\n](NN\x86NN\x86"
                               "eq\0\x85R(K\1K\2K\3(K\4K\5tu2U\1aQ\x87.";
    pruni_pickle pickle;
    if (run(&pickle, code, sizeof code - 1))
        return prune_last_status();
    pruni_pickle_close(&pickle);
    return PRUNE_OK;
}

static prune_status run_copies(void *context)
{
    const bytes *code = context;
    pruni_pickle pickle;
    if (run(&pickle, (const char *)code->data, code->size))
        return prune_last_status();
    pruni_pickle_close(&pickle);
    return PRUNE_OK;
}

static prune_status run_input(void *context)
{
    uint64_t end = 0;
    pruni_pickle pickle;
    if (pruni_pickle_open_at(&pickle, context, 0, &end))
        return prune_last_status();
    pruni_pickle_close(&pickle);
    return PRUNE_OK;
}

static void without_memory_nothing_is_left(void **state)
{
    (void)state;
    pruni_input input;
    pruni_input_from_memory(&input, "]q\0(h\0e.", 8);
    bytes code = copies_of(&dict_of_pairs, 1, 64); /* each item of which may be the one for which there is no room */
    try_every_allocation(run_large, NULL, NULL, NULL);
    try_every_allocation(run_copies, NULL, NULL, &code);
    free(code.data);
    try_every_allocation(run_input, NULL, NULL, &input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(containers),
        cmocka_unit_test(stack_and_memo),
        cmocka_unit_test(calls_are_only_described),
        cmocka_unit_test(dicts_of_other_classes_are_dicts),
        cmocka_unit_test(syntax),
        cmocka_unit_test(schema),
        cmocka_unit_test(what_reaches_outside_is_unsafe_at_once),
        cmocka_unit_test(ends),
        cmocka_unit_test(limits),
        cmocka_unit_test(copies_are_bounded),
        cmocka_unit_test(pickles_may_follow_each_other),
        cmocka_unit_test(strings_may_be_longer_than_what_is_read_at_once),
        cmocka_unit_test(without_memory_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, count_allocations, expect_no_leak);
}
