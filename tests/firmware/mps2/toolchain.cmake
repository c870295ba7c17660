# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Arm MPS2 with a Cortex-M3 (qemu-system-arm -M mps2-an385), or what WDBG_CPU_OPTIONS says.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(WDBG_CPU_OPTIONS "-mcpu=cortex-m3" CACHE STRING "Of the compiler")
set(machine "${WDBG_CPU_OPTIONS} -mthumb -ffunction-sections -fdata-sections")
set(CMAKE_C_FLAGS_INIT "${machine}")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "--specs=nano.specs --specs=nosys.specs -Wl,--no-warn-rwx-segments -Wl,--no-warn-execstack")
set(WAMR_BUILD_TARGET THUMBV7) # as `wdbg compile --target=thumbv7 --cpu=cortex-m3` names it
