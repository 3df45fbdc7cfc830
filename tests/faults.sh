#!/usr/bin/env bash
# tests/faults.sh [DIR]: builds five deliberate faults, one after the other, into a copy of the sources, and shows which
# check catches each. Exits with 1 if one goes unnoticed, or if its place in the sources is not there exactly once.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-$(mktemp -d)}
[ -n "${1:-}" ] || trap 'rm -rf "$work"' EXIT
rm -rf "$work/source"
mkdir -p "$work/source"
git ls-files -z | xargs -0 cp --parents -t "$work/source"
cd "$work/source"

configure() { # folder, CMake options …
  cmake -S . -B "../$1" -DCMAKE_BUILD_TYPE=Debug -DPRUNE_BUILD_EXAMPLES=OFF -DPRUNE_BUILD_BENCHMARKS=OFF "${@:2}" > /dev/null
}
configure sanitized -DPRUNE_SANITIZE=ON
configure plain

missed=0
fault() { # what is wrong, file, the text that is right, the text that is wrong, build, targets, tests
  local found
  found=$(TEXT=$3 perl -0ne 'my $n = () = /\Q$ENV{TEXT}\E/g; print $n' "$2")
  [ "$found" = 1 ] || { echo "$2: the text of '$1' is there $found times"; exit 1; }
  cp "$2" ../right
  TEXT=$3 WRONG=$4 perl -0pi -e 's/\Q$ENV{TEXT}\E/$ENV{WRONG}/' "$2"
  # shellcheck disable=SC2086 # several targets
  cmake --build "../$5" -j "$(nproc)" --target $6 > ../log 2>&1 || { tail -n 40 ../log; exit 1; }
  if PRUNE_CPU=portable ctest --test-dir "../$5" -R "^($7)\$" --output-on-failure > ../log 2>&1; then
    echo "MISSED  $1"
    missed=1
  else
    echo "caught  $1: by $7: $(grep -m 1 -oE '^\[  FAILED  \] [a-z_]{4,}|AddressSanitizer: [a-zA-Z-]+|begins with neither[^:]*: [a-z_]+' ../log || true)"
  fi
  cp ../right "$2"
}

fault "a leak on an error path" src/io/load.c \
  '        prune_dict_release(dict);
        return prune_last_status();' \
  '        return prune_last_status();' sanitized test_safetensors_errors test_safetensors_errors
fault "an unchecked product" src/base/memory.c \
  'if (pruni_multiply_size(bytes, count, size))' \
  'if ((*bytes = count * size) >= count)' sanitized test_base test_base
fault "a read past a row's end" src/kernels/rank.c \
  'for (int64_t i = 0; i < n; i++)
        count += keys[i] < limit;' \
  'for (int64_t i = 0; i <= n; i++)
        count += keys[i] < limit;' sanitized test_kernels test_kernels
fault "a lost roll-back" src/prune/apply.c \
  'pruni_generator_restore(NULL, &generator);' ';' sanitized "test_prune_errors test_custom_method test_prune_memory" \
  "test_prune_errors|test_custom_method|test_prune_memory"
fault "a symbol without the prefix" src/base/version.c \
  'const char *prune_version(void)' \
  'const char *stray_version(void);
const char *stray_version(void)
{
    return "";
}

const char *prune_version(void)' plain "prune_shared prune_static" symbols
exit $missed
