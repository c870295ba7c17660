# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Shared by scripts/*: messages, packages, building. Sourced by bash.
# All messages go to stderr: a script's stdout is its result.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cache="${WDBG_CACHE:-${HOME:-$root}/.cache/wdbg}"
# A compilation is found again in another clone: paths below the top folder count as relative.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

say() { printf '== %s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Debian 12's packages, by what needs them.
build_packages=(
    build-essential cmake ninja-build ccache ca-certificates libboost1.81-dev
    nlohmann-json3-dev
)
llvm_packages=(llvm-22-dev zlib1g-dev libzstd-dev) # only where the room dwarf is built
guest_packages=(
    clang-22 lld-22 llvm-22 wasi-libc libclang-rt-22-dev-wasm32 libc++-22-dev-wasm32
    libc++abi-22-dev-wasm32
)
lldb_packages=(lldb-22 python3-lldb-22)
test_packages=(
    libgtest-dev libgmock-dev python3 python3-pytest python3-pytest-forked python3-pytest-timeout
    libclang-rt-22-dev rustc libstd-rust-dev-wasm32 lld-14 wabt python3-pip gdbserver
    qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
    gcc-riscv64-linux-gnu libc6-dev-riscv64-cross
    qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi
    qemu-system-misc gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
)
# The extension in the real editor. Where there is a Node.js already, it brings its npm.
editor_packages=(chromium ripgrep)
command -v npm >/dev/null || editor_packages+=(nodejs npm)
check_packages=(clang-format-22 clang-tidy-22 git python3)
bench_packages=(python3)
# What Debian's cargo (unpacked by CMake where PATH has none that is new enough) is linked to.
cargo_packages=(libgit2-1.5 libcurl4 libssh2-1 libsqlite3-0)

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "not root and no sudo: cannot install packages; run as root: apt-get install ${missing[*]}"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" </dev/null >&2
}

# install_packages NAME...: those that are not there yet; without a network access if none is missing.
install_packages() {
    local missing=() name installed
    installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' 2>/dev/null) "
    for name in "$@"; do
        [[ "$installed" == *" installed:$name "* ]] || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return
    say "installing ${missing[*]}"
    apt_install "${missing[@]}" && return
    as_root apt-get update -q </dev/null >&2
    apt_install "${missing[@]}" || die "could not install: ${missing[*]}"
}

cargo_is_new_enough() {
    local version
    version="$(cargo --version 2>/dev/null | cut -d' ' -f2)"
    [ -n "$version" ] && [ "$(printf '%s\n1.85\n' "$version" | sort -V | head -n 1)" = 1.85 ]
}

# Zig's compiler comes as a Python package, into the cache.
zig_version=0.17.1
install_zig() {
    local folder="$cache/ziglang-$zig_version"
    [ -x "$folder/ziglang/zig" ] && return
    say "installing ziglang $zig_version"
    rm -rf "$folder.new"
    python3 -m pip install --quiet --no-cache-dir --no-deps --target "$folder.new" \
        "ziglang==$zig_version" >&2 || die "could not install the Python package ziglang $zig_version"
    rm -rf "$folder"
    mv "$folder.new" "$folder"
}

# install_build_packages [NAME...]: what configuring and building take, and the names given.
install_build_packages() {
    local names=("${build_packages[@]}")
    [ -e "$root/dwarf/CMakeLists.txt" ] && names+=("${llvm_packages[@]}")
    cargo_is_new_enough || names+=("${cargo_packages[@]}")
    install_packages "${names[@]}" "$@"
    [[ " $* " != *" python3-pip "* ]] || install_zig
}

# As many as there are processors, but no more than memory allows (1 GiB each).
jobs() {
    local processors memory
    processors="$(nproc)"
    memory="$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)"
    [ "$memory" -lt 1 ] && memory=1
    echo $((processors < memory ? processors : memory))
}

configure() { # PRESET
    (cd "$root" && cmake --preset "$1" >&2)
}

build() { # PRESET [TARGET...]
    local preset="$1"
    shift
    (cd "$root" && cmake --build --preset "$preset" -j "$(jobs)" ${1:+--target "$@"} >&2)
}
