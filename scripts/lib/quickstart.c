// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What scripts/quickstart debugs: the sum of a list.
#include <stdio.h>

struct Node {
    int value;
    const char* name;
    struct Node* next;
};

static int square(const struct Node* node) {
    int result = node->value * node->value; // BREAK: square
    return result;
}

static int sum_of_squares(const struct Node* first) {
    int sum = 0;
    for (const struct Node* node = first; node != NULL; node = node->next) {
        sum += square(node);
    }
    return sum;
}

int main(void) {
    struct Node three = {3, "three", NULL};
    struct Node two = {2, "two", &three};
    struct Node one = {1, "one", &two};
    int sum = sum_of_squares(&one); // BREAK: sum
    printf("the sum of the squares is %d\n", sum);
    return 0;
}
