/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The guest in flash, as it was built. */
    .section .rodata.guest_image, "a"
    .balign 16
    .global guest_image
guest_image:
    .incbin GUEST_IMAGE
    .global guest_image_end
guest_image_end:
    .byte 0
#ifdef GUEST_BUILD_ID
    /* The descriptor of .note.gnu.build-id, behind the note's head. */
    .global guest_build_id
guest_build_id:
    .incbin GUEST_BUILD_ID, 16, 20
#endif
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
