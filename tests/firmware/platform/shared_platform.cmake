# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What WAMR's scripts include for a platform (SHARED_PLATFORM_CONFIG).
set(PLATFORM_SHARED_DIR ${CMAKE_CURRENT_LIST_DIR})
include_directories(${PLATFORM_SHARED_DIR} ${WAMR_ROOT_DIR}/core/shared/platform/include)
set(PLATFORM_SHARED_SOURCE ${PLATFORM_SHARED_DIR}/platform.c)
