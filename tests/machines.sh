#!/usr/bin/env bash
# tests/machines.sh aarch64|s390x|i386 [option of ctest ...]
# The unit tests and the recorded answers of PyTorch on another machine: ARM, a big-endian one, or a 32-bit one. Builds
# the library and its tests in build-MACHINE by a cross compiler, and runs them under qemu, or on the processor itself
# where that can run them. For Debian: what is missing is installed, as root or with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

machine=${1:-}
case $machine in
  aarch64) triple=aarch64-linux-gnu debian=arm64 ;;
  s390x) triple=s390x-linux-gnu debian=s390x ;;
  i386) triple=i686-linux-gnu debian=i386 ;;
  *) sed -n 's/^# //; 2p' "$0" >&2; exit 2 ;;
esac
shift
build=$PWD/build-$machine
sysroot=/usr/$triple
if [ "$machine" = i386 ] && [ "$(uname -m)" = x86_64 ]; then
  emulator="$sysroot/lib/ld-linux.so.2;--library-path;$sysroot/lib:$build/cmocka/usr/lib/i386-linux-gnu"
else
  emulator="qemu-$machine-static;-L;$sysroot"
fi

if ! { command -v "$triple-gcc" && command -v "${emulator%%;*}" && command -v cmake; } > /dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "gcc-$triple" qemu-user-static cmake make > /dev/null
fi

# cmocka for that machine, beside the build: nothing foreign is installed.
if [ ! -e "$build/cmocka/usr/include/cmocka.h" ]; then
  mkdir -p "$build/apt/lists/partial" "$build/apt/archives/partial" "$build/cmocka"
  foreign=(-o "Dir::State::lists=$build/apt/lists" -o "Dir::Cache=$build/apt" -o "APT::Architecture=$debian"
    -o "APT::Architectures::=$debian" -o APT::Sandbox::User=root)
  apt-get "${foreign[@]}" update -qq || true
  (cd "$build/apt" && apt-get "${foreign[@]}" download -qq libcmocka-dev libcmocka0)
  for package in "$build"/apt/*.deb; do
    dpkg -x "$package" "$build/cmocka"
  done
  rm -r "$build/apt"
fi

cmake -S . -B "$build" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$machine" -DCMAKE_C_COMPILER="$triple-gcc" \
  -DCMAKE_CROSSCOMPILING_EMULATOR="$emulator" -DCMAKE_BUILD_TYPE=Release -DPRUNE_WERROR=ON -DPRUNE_BUILD_EXAMPLES=OFF \
  -DPRUNE_BUILD_BENCHMARKS=OFF \
  -DCMOCKA_INCLUDE_DIR="$build/cmocka/usr/include" \
  -DCMOCKA_LIBRARY="$build/cmocka/usr/lib/$(echo "$triple" | sed s/i686/i386/)/libcmocka.so" > "$build/log"
cmake --build "$build" -j "$(nproc)" > "$build/log" 2>&1 || { cat "$build/log"; exit 1; }
ctest --test-dir "$build" -j "$(nproc)" -L 'unit|parity' --output-on-failure "$@"
