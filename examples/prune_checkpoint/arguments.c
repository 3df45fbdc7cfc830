/* The command line. */
#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void arguments_print_help(void)
{
    fputs(
        "usage: prune_checkpoint IN OUT --method METHOD [option]...\n"
        "Prunes the weights of a file (safetensors, .pt, .npy, .npz) and writes it anew, in bounded memory.\n"
        "\n"
        "IN and OUT may be '-', the standard streams, and may be the same file. The report goes to standard output, "
        "or\n"
        "to standard error if OUT is '-'.\n"
        "\n"
        "  --method l1            entries of least magnitude\n"
        "           random        entries at random; with --dim, channels\n"
        "           ln            channels of least norm; needs --dim\n"
        "           nm            N of M entries stay; needs --nm\n"
        "           custom-mask   what the masks of a file say; needs --mask\n"
        "  --amount A             0.3 or 30%: a fraction; 1000: a number of entries or channels\n"
        "  --global               choose among all tensors together (l1, random)\n"
        "  --include GLOB         prune the tensors of these names only; may be given again\n"
        "  --exclude GLOB         but not these; may be given again\n"
        "                         Without --include: floating-point tensors of two dims and more.\n"
        "  --dim D                the dim of channels or groups (nm: -1)\n"
        "  --n N                  the order of the norm: a number, inf, -inf, fro, nuc (2)\n"
        "  --nm N:M               as 2:4\n"
        "  --seed S               for random\n"
        "  --ties lowest|torch    which of equal entries go: those of lowest index, or PyTorch's choice, which needs\n"
        "                         the tensors in memory (lowest)\n"
        "  --scores FILE          decide by the tensors of the same names in this file\n"
        "  --mask FILE            masks, by the names of the tensors\n"
        "  --keep-masks           write X_orig and X_mask, as PyTorch's state dict has them, instead of X\n"
        "  --entry NAME           the dict in a .pt file that holds the tensors, as state_dict\n"
        "  --format FORMAT        of OUT: safetensors, pt, npy, npz (by its ending; of '-': safetensors)\n"
        "  --max-memory SIZE      bytes, or with K, M, G (256M)\n"
        "  --dry-run              write nothing; OUT may be left out\n"
        "  --report table|json|none\n"
        "  --help, --version\n"
        "\n"
        "Exit status: 0, or 1 if it failed and OUT is as it was, or 2 for a wrong command line.\n",
        stdout);
}

static bool wrong(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("prune_checkpoint: ", stderr);
    vfprintf(stderr, format, list);
    fputs("\nTry 'prune_checkpoint --help'.\n", stderr);
    va_end(list);
    return false;
}

/* ---- Values ---- */

static bool read_int64(int64_t *out, const char *text)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return end != text && *end == '\0' && errno == 0;
}

static bool read_amount(arguments *a, const char *text)
{
    char *end = NULL;
    int64_t count;
    if (read_int64(&count, text)) {
        a->amount = prune_count(count);
        return true;
    }
    double fraction = strtod(text, &end);
    bool percent = *end == '%';
    a->amount = prune_fraction(percent ? fraction / 100 : fraction);
    return end != text && end[percent] == '\0';
}

static bool read_order(arguments *a, const char *text)
{
    char *end = NULL;
    if (strcmp(text, "fro") == 0 || strcmp(text, "nuc") == 0) {
        a->order = text[0] == 'f' ? prune_norm_fro() : prune_norm_nuc();
        return true;
    }
    a->order = prune_norm_p(strtod(text, &end));
    return end != text && *end == '\0';
}

static bool read_nm(arguments *a, const char *text)
{
    char *end = NULL, *behind = NULL;
    a->nm[0] = strtol(text, &end, 10);
    if (end == text || *end != ':')
        return false;
    a->nm[1] = strtol(end + 1, &behind, 10);
    return behind != end + 1 && *behind == '\0';
}

static bool read_seed(arguments *a, const char *text)
{
    char *end = NULL;
    errno = 0;
    a->seed = strtoull(text, &end, 10); /* a negative one as two's complement */
    return end != text && *end == '\0' && errno == 0;
}

static bool read_size(uint64_t *out, const char *text)
{
    static const char units[] = "KMG";
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;
    *out = (uint64_t)value << shift;
    return end != text && end[unit != NULL] == '\0' && errno == 0 && text[0] != '-' && value > 0
           && *out >> shift == value;
}

/* The place of a word in a list that ends with NULL; −1: it is not there. */
static int place_of(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static bool add_pattern(patterns *list, const char *pattern)
{
    if (list->count == MOST_PATTERNS)
        return wrong("more than %d patterns", MOST_PATTERNS);
    list->items[list->count++] = pattern;
    return true;
}

/* ---- Options ---- */

static const char *const methods[] = { "l1", "random", "ln", "nm", "custom-mask", NULL };
static const char *const reports[] = { "table", "json", "none", NULL };
static const char *const tie_rules[] = { "torch", "lowest", NULL };
static const char *const formats[] = { "safetensors", "pt", "npy", "npz", NULL };

static bool set_flag(arguments *a, const char *name)
{
    if (strcmp(name, "global") == 0)
        a->global = true;
    else if (strcmp(name, "keep-masks") == 0)
        a->keep_masks = true;
    else if (strcmp(name, "dry-run") == 0)
        a->dry_run = true;
    else
        return false;
    return true;
}

static bool set_path(arguments *a, const char *name, const char *value)
{
    const char **path = strcmp(name, "scores") == 0  ? &a->scores
                        : strcmp(name, "mask") == 0  ? &a->mask
                        : strcmp(name, "entry") == 0 ? &a->entry
                                                     : NULL;
    if (path)
        *path = value;
    return path != NULL;
}

/* False: the value is wrong; *known: there is such an option with one of a few words. */
static bool set_word(arguments *a, const char *name, const char *value, bool *known)
{
    int place = 0;
    *known = true;
    if (strcmp(name, "method") == 0) {
        place = place_of(value, methods);
        a->method = value;
    } else if (strcmp(name, "report") == 0) {
        place = place_of(value, reports);
        a->report = (report_kind)place;
    } else if (strcmp(name, "ties") == 0) {
        place = place_of(value, tie_rules);
        a->ties = (prune_ties)place;
    } else if (strcmp(name, "format") == 0) {
        place = place_of(value, formats);
        a->format = (prune_file_format)(place + 1);
    } else {
        *known = false;
    }
    return place >= 0;
}

static bool set_number(arguments *a, const char *name, const char *value, bool *known)
{
    *known = true;
    if (strcmp(name, "amount") == 0)
        return a->has_amount = read_amount(a, value);
    if (strcmp(name, "dim") == 0)
        return a->has_dim = read_int64(&a->dim, value);
    if (strcmp(name, "n") == 0)
        return a->has_order = read_order(a, value);
    if (strcmp(name, "nm") == 0)
        return a->has_nm = read_nm(a, value);
    if (strcmp(name, "seed") == 0)
        return a->has_seed = read_seed(a, value);
    if (strcmp(name, "max-memory") == 0)
        return read_size(&a->max_memory, value);
    *known = false;
    return true;
}

static bool set_value(arguments *a, const char *name, const char *value)
{
    bool known;
    if (strcmp(name, "include") == 0)
        return add_pattern(&a->include, value);
    if (strcmp(name, "exclude") == 0)
        return add_pattern(&a->exclude, value);
    if (set_path(a, name, value))
        return true;
    if (!set_word(a, name, value, &known) || (!known && !set_number(a, name, value, &known)))
        return wrong("--%s cannot be '%s'", name, value);
    return known || wrong("there is no option --%s", name);
}

/* An option and its value, which follows behind a '=' or as the next word; gives how many words it took, 0: wrong. */
static int take_option(arguments *a, char **words)
{
    char name[32];
    const char *text = words[0] + 2;
    size_t length = strcspn(text, "=");
    if (length >= sizeof name) {
        wrong("there is no option %s", words[0]);
        return 0;
    }
    memcpy(name, text, length);
    name[length] = '\0';
    bool inside = text[length] == '=';
    if (!inside && set_flag(a, name))
        return 1;
    if (!inside && !words[1]) {
        wrong("--%s: there is no such option, or its value is missing", name);
        return 0;
    }
    bool right = set_value(a, name, inside ? text + length + 1 : words[1]);
    return right ? (inside ? 1 : 2) : 0;
}

static bool take_path(arguments *a, const char *path)
{
    if (a->out)
        return wrong("'%s' is one file too many", path);
    if (path[0] == '\0')
        return wrong("a file has no name");
    *(a->in ? &a->out : &a->in) = path;
    return true;
}

/* ---- All together ---- */

static bool check_method(const arguments *a)
{
    const char *method = a->method;
    bool is_mask = strcmp(method, "custom-mask") == 0, is_nm = strcmp(method, "nm") == 0;
    bool is_ln = strcmp(method, "ln") == 0, is_l1 = strcmp(method, "l1") == 0;
    if (a->has_amount == (is_mask || is_nm))
        return wrong(a->has_amount ? "--method %s takes no --amount" : "--method %s needs --amount", method);
    if (is_mask != (a->mask != NULL))
        return wrong(is_mask ? "--method custom-mask needs --mask" : "--mask is for --method custom-mask");
    if (is_nm != a->has_nm)
        return wrong(is_nm ? "--method nm needs --nm" : "--nm is for --method nm");
    if (is_ln && !a->has_dim)
        return wrong("--method ln needs --dim");
    if ((is_l1 || is_mask) && a->has_dim)
        return wrong("--method %s takes no --dim", method);
    if (a->has_order && !is_ln)
        return wrong("--n is for --method ln");
    if (a->global && (is_ln || is_nm || is_mask || a->has_dim))
        return wrong("--global is for single entries: --method l1, or random without --dim");
    return true;
}

static bool check(const arguments *a)
{
    if (!a->in)
        return wrong("IN is missing");
    if (!a->out && !a->dry_run)
        return wrong("OUT is missing");
    if (!a->method)
        return wrong("--method is missing");
    return check_method(a);
}

parsed arguments_parse(arguments *a, int argc, char **argv)
{
    *a = (arguments){ .ties = PRUNE_TIES_LOWEST_INDEX, .order = prune_norm_p(2) };
    bool options_end = false;
    for (int i = 1; i < argc;) {
        int taken = 1;
        if (options_end || argv[i][0] != '-' || argv[i][1] == '\0')
            taken = take_path(a, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            options_end = true;
        else if (strcmp(argv[i], "--help") == 0)
            return PARSED_HELP;
        else if (strcmp(argv[i], "--version") == 0)
            return PARSED_VERSION;
        else if (argv[i][1] != '-')
            taken = wrong("there is no option %s", argv[i]);
        else
            taken = take_option(a, argv + i);
        if (taken == 0)
            return PARSED_WRONGLY;
        i += taken;
    }
    return check(a) ? PARSED : PARSED_WRONGLY;
}

prune_status arguments_make_method(prune_method **out, const arguments *a)
{
    prune_method_options options = PRUNE_METHOD_OPTIONS_INIT;
    options.ties = a->ties;
    *out = NULL;
    if (strcmp(a->method, "l1") == 0)
        return prune_method_l1_unstructured(out, a->amount, &options);
    if (strcmp(a->method, "random") == 0)
        return a->has_dim ? prune_method_random_structured(out, a->amount, a->dim)
                          : prune_method_random_unstructured(out, a->amount, &options);
    if (strcmp(a->method, "ln") == 0)
        return prune_method_ln_structured(out, a->amount, a->order, a->dim, &options);
    if (strcmp(a->method, "nm") == 0)
        return prune_method_n_m(out, a->nm[0], a->nm[1], a->has_dim ? a->dim : -1);
    return PRUNE_OK;
}
