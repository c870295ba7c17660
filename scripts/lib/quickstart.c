// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What scripts/quickstart debugs: a list is built, then summed recursively.
#include <stdio.h>

struct Node {
    int value;
    const char* name;
    struct Node* next;
};

static int sum(const struct Node* node) {
    if (node == NULL) {
        return 0; // BREAK: bottom
    }
    int rest = sum(node->next);
    return node->value + rest;
}

int main(void) {
    struct Node three = {3, "three", NULL};
    struct Node two = {2, "two", &three};
    struct Node one = {1, "one", &two};
    int total = sum(&one); // BREAK: sum
    printf("the sum is %d\n", total);
    return 0;
}
