// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Runs a fixture's main (compiled with -Dmain=fixture_main); with two arguments it then waits for a
 * byte on stdin, so that the process can be looked at. */
#include <stdio.h>

#undef main

int fixture_main(int argc, char** argv);

int main(int argc, char** argv) {
    int status = fixture_main(argc, argv);
    fflush(stdout);
    if (argc > 2) {
        getchar();
    }
    return status;
}
