/* LSTM and GRU, step by step. */
#include "base/internal.h"
#include "kernels/internal.h"

/* The new state of the n-th sequence of the batch from its gates, which hold the part of the old state, and from the part
 * of the input. */
typedef void rnn_step(const pruni_rnn *rnn, int64_t n, const float *input_gates);

static void lstm_step(const pruni_rnn *rnn, int64_t n, const float *input_gates)
{
    const int64_t hidden = rnn->hidden;
    float *h = rnn->h + n * hidden, *c = rnn->c + n * hidden, *gates = rnn->gates + n * 4 * hidden;
    float *in = gates, *forget = in + hidden, *cell = forget + hidden, *out = cell + hidden;
    pruni_kernel_add(gates, 1, gates, 1, input_gates, 1, 4 * hidden);
    pruni_kernel_sigmoid(in, 1, in, 1, 2 * hidden);
    pruni_kernel_tanh(cell, 1, cell, 1, hidden);
    pruni_kernel_sigmoid(out, 1, out, 1, hidden);
    for (int64_t i = 0; i < hidden; i++)
        c[i] = forget[i] * c[i] + in[i] * cell[i];
    pruni_kernel_tanh(h, 1, c, 1, hidden);
    pruni_kernel_multiply(h, 1, h, 1, out, 1, hidden);
}

static void gru_step(const pruni_rnn *rnn, int64_t n, const float *input_gates)
{
    const int64_t hidden = rnn->hidden;
    float *h = rnn->h + n * hidden, *gates = rnn->gates + n * 3 * hidden;
    float *reset = gates, *update = reset + hidden, *candidate = update + hidden;
    const float *input_candidate = input_gates + 2 * hidden;
    pruni_kernel_add(gates, 1, gates, 1, input_gates, 1, 2 * hidden);
    pruni_kernel_sigmoid(reset, 1, reset, 1, 2 * hidden);
    for (int64_t i = 0; i < hidden; i++)
        candidate[i] = input_candidate[i] + reset[i] * candidate[i];
    pruni_kernel_tanh(candidate, 1, candidate, 1, hidden);
    for (int64_t i = 0; i < hidden; i++)
        h[i] = (h[i] - candidate[i]) * update[i] + candidate[i];
}

/* The part of the old state. Of one row some outputs at a time, forwards and backwards by turns: what the step before read
 * last is still in the cache. */
static void multiply_state(const pruni_linear *state, bool backwards)
{
    enum { SOME = 64 };
    if (state->rows > 1) {
        pruni_kernel_linear(state);
        return;
    }
    for (int64_t done = 0; done < state->out; done += SOME) {
        pruni_linear part = *state;
        part.out = pruni_smaller(state->out - done, SOME);
        const int64_t first = backwards ? state->out - done - part.out : done;
        part.weight += first * state->in;
        part.bias = state->bias ? state->bias + first : NULL;
        part.y += first;
        pruni_kernel_linear(&part);
    }
}

static void run(const pruni_rnn *rnn, int64_t gate_count, rnn_step *step)
{
    const int64_t hidden = rnn->hidden, width = gate_count * hidden;
    const pruni_linear state = { rnn->batch, hidden, width, rnn->h, rnn->weight, rnn->bias, rnn->gates, rnn->scratch };
    for (int64_t passed = 0; passed < rnn->length; passed++) {
        int64_t time = rnn->reverse ? rnn->length - 1 - passed : passed;
        multiply_state(&state, passed % 2 == 1);
        for (int64_t n = 0; n < rnn->batch; n++) {
            int64_t row = time * rnn->time_step + n * rnn->batch_step;
            step(rnn, n, rnn->input_gates + row * width);
            pruni_kernel_copy(sizeof *rnn->y, rnn->y + row * rnn->y_width, 1, rnn->h + n * hidden, 1, hidden);
        }
    }
}

void pruni_kernel_lstm(const pruni_rnn *rnn)
{
    run(rnn, 4, lstm_step);
}

void pruni_kernel_gru(const pruni_rnn *rnn)
{
    run(rnn, 3, gru_step);
}
