#!/usr/bin/env bash
# Every check of the project, each under a name. A line tells how a check ended; the output of one that failed follows it.
#
#   tests/run_all.sh             all checks
#   tests/run_all.sh ci          those that .ci/run takes: together they need less than 20 minutes on two cores
#   tests/run_all.sh NAME …      only these
#   tests/run_all.sh list        the names, and what each does
#
# WORK=DIR keeps the builds and logs in DIR, and goes on from builds that are there. Needs the packages that .ci/run
# installs; checks against PyTorch make a virtual environment, or take the Python that PYTHON names.
set -uo pipefail
cd "$(dirname "$0")/.."
source=$PWD
jobs=$(nproc)
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT

# name | in CI: ci, or - | what it does
checks='
gcc-sanitized    | ci | all tests with AddressSanitizer and UndefinedBehaviorSanitizer, gcc
gcc-release      | ci | a build at -O3 by gcc, and its tests but for those of portable, avx2 and avx512
clang-sanitized  | ci | all tests with both sanitizers, clang
clang-release    | ci | all tests at -O3, clang
portable         | ci | unit tests and recorded answers of PyTorch at -O3, the portable kernels alone
avx2             | ci | the same with at most AVX2
avx512           | ci | the same with AVX-512, where the processor has it
valgrind         | -  | every unit test under memcheck, with leaks
memory-sanitizer | -  | every unit test with MemorySanitizer
thread-sanitizer | ci | the tests of threads with ThreadSanitizer
coverage         | ci | lines and branches of src/ that the unit tests reach
clang-tidy       | ci | clang-tidy over library, tests and examples
cppcheck         | ci | cppcheck over library, tests and examples
analyzer         | ci | gcc -fanalyzer over the library
clang-analyzer   | -  | the static analyzer of clang over library, tests and examples
scan-build       | -  | the same over the library, as the build sees it
optimisation     | -  | recorded answers and unit tests at -O0, -O1, -O2, -Os, with LTO, with -ffp-contract=fast asked for
i386             | -  | the unit tests in a 32-bit build
s390x            | -  | the unit tests on a big-endian processor, emulated
aarch64          | -  | the unit tests with the NEON kernels, emulated
fuzz             | ci | each fuzz target for a minute, two to a processor; FUZZ_SECONDS=N for another time
reference        | ci | the HTML reference, where a public name without a comment fails
tutorial         | ci | the output of the tutorial against PyTorch
programs         | ci | 1,000 random programs against PyTorch, with each set of kernels; PROGRAMS=N for another number
layers           | ci | layers against PyTorch
answers          | ci | the recorded answers against PyTorch
mutants          | ci | deliberate wrong results, each to be found
files            | ci | weight files, and pruned ones, against torch, safetensors and numpy
published        | -  | weight files of packages on PyPI, 85 MB of downloads, against torch
large            | -  | a file of 12 GB pruned in 256 MB, beside cp; GIGABYTES=N for another size
faults           | -  | five deliberate faults, each to be caught by a check
speed            | ci | the table of speed, for information
readme           | ci | the commands of the README in a fresh clone
'

# ---- Tools

build() { # name, CMake options …: makes $work/name, once; of it TARGETS alone where they are set
  local name=$1
  shift
  [ ! -e "$work/$name/built" ] || return 0
  # shellcheck disable=SC2086 # several targets
  cmake -S . -B "$work/$name" "$@" && cmake --build "$work/$name" -j "$jobs" ${TARGETS:+--target $TARGETS} \
    && touch "$work/$name/built"
}

build_and_test() { # name, CMake options …
  build "$1" -DPRUNE_WERROR=ON "${@:2}" && ctest --test-dir "$work/$1" -j "$jobs" --output-on-failure
}

unit_tests() { # name, CMake options …
  build "$@" -DPRUNE_BUILD_EXAMPLES=OFF -DPRUNE_BUILD_BENCHMARKS=OFF \
    && ctest --test-dir "$work/$1" -j "$jobs" -L unit --output-on-failure
}

release() { build gcc-release -DPRUNE_WERROR=ON -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release; }

library() { # name, CMake options …
  build "$@" -DPRUNE_BUILD_TESTS=OFF -DPRUNE_BUILD_EXAMPLES=OFF
}

python() {
  if [ -z "${PYTHON:-}" ]; then
    PYTHON=$work/venv/bin/python
    [ -e "$work/venv/built" ] || {
      python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q torch==2.13.0 numpy safetensors \
        && "$work/venv/bin/pip" install -q --no-deps torchsummary==1.5.1 && touch "$work/venv/built"
    } || return
  fi
  "$PYTHON" "$@"
}

at_once() { # commands: side by side, since each is one Python that waits for one driver; fails if one of them does
  local command pid pids=() status=0
  python -c 'import torch' || return # and there is a virtual environment
  for command; do
    eval "$command" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || status=1
  done
  return $status
}

# ---- Builds and tests

check_gcc_sanitized() {
  build_and_test gcc-sanitized -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DPRUNE_SANITIZE=ON
}
check_clang_sanitized() {
  build_and_test clang-sanitized -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DPRUNE_SANITIZE=ON
}
check_gcc_release() {
  release && ctest --test-dir "$work/gcc-release" -j "$jobs" -LE 'unit|parity' --output-on-failure
}
check_clang_release() { build_and_test clang-release -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release; }

with_kernels() {
  release && PRUNE_CPU=$1 ctest --test-dir "$work/gcc-release" -j "$jobs" -L 'unit|parity' --output-on-failure
}
check_portable() { with_kernels portable; }
check_avx2() { with_kernels avx2; }
has_avx512() { grep -qsw avx512vl /proc/cpuinfo; }
check_avx512() { ! has_avx512 || with_kernels avx512; }

check_valgrind() {
  build valgrind -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS=-O1 -DPRUNE_BUILD_EXAMPLES=OFF \
    -DPRUNE_BUILD_BENCHMARKS=OFF || return
  find "$work/valgrind/tests" -maxdepth 1 -type f -name 'test_*' -perm -u+x -print0 \
    | xargs -0 -n 1 -P "$jobs" sh -c 'cd "${1%/*}/work/${1##*/}"
        valgrind -q --error-exitcode=1 --leak-check=full "$1" > "$1.log" 2>&1 \
          && echo "clean: ${1##*/}" || { cat "$1.log"; exit 255; }' sh
}

check_memory_sanitizer() { # to which stat() and its kin of a current C library write nothing: who calls them is ignored
  printf '[memory]\nfun:open_target\nfun:follow_links\nfun:plain_size\n' > "$work/ignored"
  local flags="-fsanitize=memory -fsanitize-ignorelist=$work/ignored -fno-omit-frame-pointer"
  unit_tests memory-sanitizer -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_C_FLAGS=$flags -O1"
}

check_thread_sanitizer() {
  TARGETS='test_threads test_generator test_random' build thread-sanitizer -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
    "-DCMAKE_C_FLAGS=-fsanitize=thread -fno-omit-frame-pointer -O1" -DPRUNE_BUILD_EXAMPLES=OFF \
    -DPRUNE_BUILD_BENCHMARKS=OFF || return
  ctest --test-dir "$work/thread-sanitizer" -R '^test_(threads|generator|random)$' --output-on-failure
}

check_optimisation() {
  local level
  for level in -O0 -O1 -O2 -Os '-O3 -flto' '-O3 -ffp-contract=fast'; do
    local name="optimised${level//[ =]/}"
    build "$name" -DCMAKE_BUILD_TYPE=None "-DCMAKE_C_FLAGS=$level" -DPRUNE_BUILD_EXAMPLES=OFF \
      -DPRUNE_BUILD_BENCHMARKS=OFF || return
    ctest --test-dir "$work/$name" -j "$jobs" -L 'unit|parity' --output-on-failure || return
  done
}

check_i386() { tests/machines.sh i386; }
check_s390x() { tests/machines.sh s390x; }
check_aarch64() { tests/machines.sh aarch64; }

check_coverage() {
  build coverage -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DPRUNE_COVERAGE=ON -DPRUNE_BUILD_EXAMPLES=OFF \
    -DPRUNE_BUILD_BENCHMARKS=OFF && CTEST_PARALLEL_LEVEL=$jobs cmake --build "$work/coverage" --target coverage
}

check_fuzz() {
  TARGETS=$(basename -as .c tests/fuzz/fuzz_*.c) build fuzz -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DPRUNE_BUILD_FUZZERS=ON -DPRUNE_BUILD_EXAMPLES=OFF \
    -DPRUNE_BUILD_BENCHMARKS=OFF || return
  find "$work/fuzz/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x -print0 \
    | xargs -0 -n 1 -P "$((2 * jobs))" tests/fuzz/run.sh "${FUZZ_SECONDS:-60}"
}

# ---- Reading the code

lint_database() {
  cmake -S . -B "$work/lint" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
}

tidy() { # checks, added to those of .clang-tidy
  lint_database && run-clang-tidy -quiet -p "$work/lint" -j "$jobs" -checks="$1" '/(src|tests|examples)/'
}

# The analyzer among them takes most of the time: it is a check of its own.
check_clang_tidy() { tidy '-clang-analyzer-*'; }
check_clang_analyzer() {
  tidy '-*,clang-analyzer-*,-*DeprecatedOrUnsafeBufferHandling,-*.strcpy,-*optin.performance.Padding'
}

# Two of its checks take plain code for a mistake: a bound on j after t[j] in one condition, and a table of functions.
check_cppcheck() {
  lint_database && cppcheck --project="$work/lint/compile_commands.json" --enable=warning,performance,portability \
    --inline-suppr --suppress=arrayIndexThenCheck --suppress='uninitvar:*tests/*' --std=c11 --quiet -j "$jobs" \
    --error-exitcode=1
}

check_analyzer() { # which takes three times as long over code that is not optimised, most of it over the kernels
  TARGETS=prune_objects library analyzer -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER=gcc "-DCMAKE_C_FLAGS=-O1 -fanalyzer" \
    -DPRUNE_WERROR=ON
}

check_scan_build() {
  scan-build --status-bugs cmake -S . -B "$work/scan-build" -DCMAKE_BUILD_TYPE=Debug -DPRUNE_BUILD_TESTS=OFF \
    -DPRUNE_BUILD_EXAMPLES=OFF \
    && scan-build --status-bugs -o "$work/scan-build-report" cmake --build "$work/scan-build" -j "$jobs"
}

check_reference() { release && cmake --build "$work/gcc-release" --target docs; }

# ---- Against others

tutorial() { # seed
  python tests/parity/tutorial.py --seed "$1" --compare "$work/gcc-release/examples/lenet_pruning"
}
check_tutorial() { release && at_once 'tutorial 0' 'tutorial 42'; }

random_programs() { # kernels
  PRUNE_CPU=$1 python tests/parity/differential.py --build "$work/gcc-release" --programs "${PROGRAMS:-1000}" --seed 1
}
check_programs() {
  local sets=('random_programs portable' 'random_programs avx2')
  ! has_avx512 || sets+=('random_programs avx512')
  release && at_once "${sets[@]}"
}

check_layers() { release && python tests/parity/layers.py --build "$work/gcc-release" --configs 40; }
check_answers() { python tests/parity/record.py --check; }
check_mutants() { python tests/parity/mutants.py; }
interop() { # script, options …
  python "tests/parity/$1.py" --build "$work/gcc-release" "${@:2}"
}
check_files() {
  release && at_once 'interop safetensors_interop && interop files_interop --cases 300' \
    'interop pt_interop && interop checkpoints --files 200'
}

check_published() { release && python tests/parity/real_files.py --build "$work/gcc-release"; }
check_large() { release && TMPDIR=$work tests/checkpoint_large.sh "$work/gcc-release/examples/prune_checkpoint" "${GIGABYTES:-12}"; }
check_faults() { tests/faults.sh "$work/faults"; }

check_speed() {
  release && python -c 'import torch' && { "$PYTHON" -m pip install -q onnxruntime onnx || echo "without onnxruntime"; }
  timeout 200 "$PYTHON" tests/bench/compare.py --build "$work/gcc-release" --quick || echo "compare.py: status $?"
}

check_readme() {
  command -v sudo > /dev/null || { sudo() { "$@"; }; export -f sudo; }
  rm -rf "$work/clone"
  git clone -q . "$work/clone" || return
  grep -E '^(sudo apt-get|ctest) ' README.md > "$work/commands"
  (cd "$work/clone" && bash -euo pipefail "$work/commands")
}

# ---- Running

rows() { sed -e '/^$/d' -e 's/ *| */|/g' <<< "$checks"; }

names() { # group, or nothing for all
  rows | awk -F '|' -v group="${1:-}" 'group == "" || $2 == group { print $1 }'
}

run() { # name
  local log=$work/$1.log begin=$SECONDS
  if "check_${1//-/_}" > "$log" 2>&1 < /dev/null; then
    printf 'ok      %-17s %4d s\n' "$1" "$((SECONDS - begin))"
    case $1 in
    speed | faults) cat "$log" ;;
    fuzz) grep 'runs without a fault' "$log" ;;
    esac
    passed=$((passed + 1))
  else
    printf 'FAILED  %-17s %4d s\n' "$1" "$((SECONDS - begin))"
    tail -n 200 "$log"
    failed=$((failed + 1))
  fi
}

case ${1:-} in
list) rows | awk -F '|' '{ printf "%-17s %-3s %s\n", $1, $2, $3 }' && exit ;;
ci) selected=$(names ci) ;;
'') selected=$(names) ;;
*) selected=$* ;;
esac

passed=0
failed=0
for name in $selected; do
  names | grep -qx -- "$name" || { echo "there is no check '$name'; see: $0 list" >&2; exit 2; }
done
for name in $selected; do
  run "$name"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
