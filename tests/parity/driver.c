/* Runs programs on the library and answers every command: one side of the comparison with PyTorch, whose other side is
 * differential.py.
 *
 *     driver [--whole] [FILE]     runs the programs in FILE, or in the standard input, and prints a transcript
 *     driver --replay FILE…       runs the programs of transcripts, prints where the library answers otherwise, exits 1
 *
 * A program is a line "program NAME", which forgets everything and seeds the default generator with 0, and then commands,
 * one a line. Blank lines and lines that begin with # are passed over. A transcript repeats "program NAME", and holds for
 * each command "> " with the command, and then the answer's lines:
 *
 *     ok | skipped | error STATUS SENTENCE      skipped: the command names something that was never made; it does nothing
 *     lines that the command shows
 *     lines of state that the command changed   compared with when they were last told, of all modules that have a name:
 *         NET: keys K…                          state_dict(), in order
 *         NET: parameters K…, NET: buffers K…   named_parameters(), named_buffers()
 *         NET/PATH TYPE train|eval [pruned] [ID:HOOK …]      each module of the tree; ids count from the program's start
 *         NET/PATH.NAME by METHOD or by PruningContainer(METHOD,…)      each pruned parameter
 *         NET/KEY KIND [grad] TENSOR            parameter, buffer, attribute, or none for an absent one. Attributes and
 *                                               absent ones are found under the member names that the program has used
 *         random HASH                           the state of the default generator
 *
 * A TENSOR is "f32[2,3] 3f800000 …": dtype, shape, the bits of each element in hexadecimal, in logical order, every NaN
 * as 7fc00000 (7ff8…, 7e00, 7fc0). Of more than 16 elements there is only "#" and a hash (write_tensor), but with --whole
 * and in lines that begin with "approx", which are floats within a tolerance: in a recorded transcript such a line says
 * tol=T after the shape, and an element ******** matches any. A recorded "error STATUS *" matches any sentence, a recorded
 * "*" any line.
 *
 * Sentences and pages are on one line, newlines as \n and backslashes doubled; addresses are 0x. Sentences longer than
 * 4095 bytes end in "...", as the library cuts them.
 *
 * Words: T tensor, M module (NET or NET/PATH), P method, G generator, D dict: names given by the command that makes one,
 * and given anew freely. NAME is a member of a module. SHAPE is [3,4], [] for rank 0. `none` is None. Options in brackets
 * are written key=value, in any place.
 *
 *   manual_seed SEED · generator G · seed G SEED · get_state T [generator=G] · set_state T [generator=G]
 *   rand T SHAPE [dtype=f64] [generator=G] · uniform_ T FROM TO [generator=G]
 *   tensor T SHAPE PATTERN [dtype=D] · permute T T DIMS · slice T T DIM,START,STEP (views) · get T M NAME (the same object)
 *   fill_tensor T PATTERN
 *   show X (a tensor, dict, method or generator) · norm T ORDER DIMS [keepdim=1] · print_member M NAME
 *   print T [precision= threshold= edgeitems= linewidth= sci_mode=] (sci_mode 1, 0 or -1: as the values ask)
 *
 *   linear M IN OUT [bias=0] · conv1d|conv2d|conv3d M IN OUT KERNEL [stride= padding= dilation= groups= bias= mode=]
 *     (KERNEL, stride and so on 3 or 3,5; padding also same, valid) · max_pool1d|max_pool2d M KERNEL [stride= padding=
 *     dilation= ceil_mode=] · avg_pool2d M KERNEL [stride= padding= ceil_mode= count_include_pad= divisor_override=]
 *   lstm|gru M INPUT HIDDEN [num_layers= bias= batch_first= dropout= bidirectional=] · adaptive_avg_pool2d M SIZE (-1: None)
 *   batch_norm1d|batch_norm2d M FEATURES [eps= momentum= affine= track=]
 *   relu M [inplace=1] · sigmoid M · tanh M · gelu M · softmax M DIM · log_softmax M DIM · flatten M START END
 *   dropout M P · identity_layer M · sequential M M… · module M TYPE (a plain one)
 *
 *   clone M M · parameter M NAME T · buffer M NAME T [persistent=0] · child M NAME M · set M NAME T · delete M NAME
 *   fill M NAME PATTERN (writes in place) · requires_grad M NAME 0|1 · train M 0|1 · repr M · summary M SHAPE [batch=N]
 *   hook M noop|fails · remove_hook M ID · run_hooks M [recurse=0] · call M T… [outputs=N]
 *   state_dict D M [copy=1] · dict_set D KEY T · dict_delete D KEY · load_state_dict M D [strict=0]
 *
 *   identity M NAME · random_unstructured M NAME AMOUNT · l1_unstructured M NAME AMOUNT [scores=T]
 *   ln_unstructured M NAME AMOUNT ORDER [scores=T] · random_structured M NAME AMOUNT DIM
 *   ln_structured M NAME AMOUNT ORDER DIM [scores=T] · n_m M NAME N M DIM [scores=T] · custom_from_mask M NAME T
 *   remove M NAME · is_pruned M · sparsity M [name=NAME] · original M NAME · mask M NAME
 *   method P KIND … [ties=lowest]: identity · random_unstructured AMOUNT · l1_unstructured AMOUNT · random_structured
 *     AMOUNT DIM · ln_structured AMOUNT ORDER DIM · n_m N M DIM · custom_from_mask T · container P… ·
 *     every_other (unstructured) · first_channel DIM (structured) · negate (global) · refuse (fails)
 *   apply M NAME P [scores=T] · compute_mask T P T [default=T] · method_prune T P T [default=T] [scores=T]
 *   tensor_name P NAME · add P P · item P P INDEX · applied P M NAME · global P M:NAME[:SCORES]…
 *     AMOUNT is a fraction if it has a point, an e or is nan or inf, else a count. ORDER is a number, inf, fro, nuc.
 *
 * A PATTERN gives values by index i, with h = mix(seed + i) as in hash_bytes:
 *   bits:HEX,… explicit ones, repeated · fill:V · arange · uniform:SEED in [-1, 1) · few:SEED:K K distinct multiples of 1/4
 *   around 0 · mask:SEED:P 1, or 0 with chance P/256 · odd:SEED 0, 1, and other mask values, NaN too · wide:SEED any finite
 *   bits, denormals too · special:SEED:P as uniform, with chance P/256 a NaN, infinity, signed zero, denormal or extreme */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static const verb *const families[] = { tensor_verbs, layer_verbs, module_verbs, prune_verbs, method_verbs };

static const verb *find_verb(const char *name)
{
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (const verb *v = families[f]; v->name; v++)
            if (strcmp(v->name, name) == 0)
                return v;
    fprintf(stderr, "driver: no command %s\n", name);
    exit(2);
}

/* Cuts `line` into words; the plain ones first, then the options. */
static void split(command *c, char *line)
{
    char *options[MAX_WORDS];
    *c = (command){ .count = 0 };
    for (char *w = strtok(line, " \t\r\n"); w; w = strtok(NULL, " \t\r\n")) {
        if (c->count + c->options == MAX_WORDS) {
            fprintf(stderr, "driver: more than %d words\n", MAX_WORDS);
            exit(2);
        }
        if (strchr(w, '='))
            options[c->options++] = w;
        else
            c->words[c->count++] = w;
    }
    for (int i = 0; i < c->options; i++)
        c->words[c->count + i] = options[i];
}

void run_line(session *s, const char *line)
{
    command c;
    char *copy = must_alloc(NULL, strlen(line) + 1);
    strcpy(copy, line);
    split(&c, copy);
    text_clear(&s->answer);
    find_verb(word(&c, 0))->run(s, &c);
    if (c.skipped)
        text_add(&s->answer, "skipped\n");
    tell_changes(s);
    free(copy);
}

static void run_programs(session *s, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    begin_program(s);
    while (read_line(&line, &room, file)) {
        if (strncmp(line, "program ", 8) == 0) {
            begin_program(s);
            printf("%s\n", line);
        } else if (line[strspn(line, " \t\r")] != '\0' && line[0] != '#') {
            printf("> %s\n", line);
            fflush(stdout); /* seen even if the command crashes */
            run_line(s, line);
            fputs(s->answer.bytes, stdout);
        }
    }
    free(line);
}

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file)
        return file;
    fprintf(stderr, "driver: cannot read %s\n", path);
    exit(2);
}

int main(int argc, char **argv)
{
    session s = { .whole = false };
    int64_t differences = 0;
    if (argc > 1 && strcmp(argv[1], "--replay") == 0) {
        for (int i = 2; i < argc; i++) {
            FILE *file = open_file(argv[i]);
            differences += replay(&s, file, argv[i]);
            fclose(file);
        }
    } else {
        int i = 1;
        if (i < argc && strcmp(argv[i], "--whole") == 0) {
            s.whole = true;
            i++;
        }
        FILE *file = i < argc ? open_file(argv[i]) : stdin;
        run_programs(&s, file);
        if (file != stdin)
            fclose(file);
    }
    end_program(&s);
    return differences > 0;
}
