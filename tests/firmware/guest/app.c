// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The guest of the embedded tests: no libc, two imports. `mode` is for the debugger to write.

__attribute__((import_module("env"), import_name("print"))) void print(const char* text,
                                                                       int length);
__attribute__((import_module("env"), import_name("idle"))) void idle(int rounds);

enum Mode { MODE_SUM, MODE_DIVIDE, MODE_OUT_OF_BOUNDS, MODE_SPIN, MODE_IDLE };

struct Reading {
    int channel;
    double volts;
    char unit[4];
};

volatile int mode = MODE_SUM;
int total;
struct Reading last_reading = {0, 0.0, "mV"};

static int factorial(int n) {
    if (n <= 1) {
        return 1; // BREAK: bottom
    }
    return n * factorial(n - 1);
}

static double scale(const struct Reading* reading, double factor) {
    double scaled = reading->volts * factor;
    return scaled; // BREAK: scaled
}

static int measure(int channel) {
    struct Reading reading = {channel, channel * 0.5, "mV"};
    long long wide = 0x100000000LL + channel;
    double scaled = scale(&reading, 2.0); // BREAK: measure
    last_reading = reading;               // BREAK: measured
    return (int)scaled + (int)(wide - 0x100000000LL);
}

static int divide(int a, int b) {
    return a / b; // BREAK: divide
}

static int out_of_bounds(void) {
    volatile int* wild = (volatile int*)0x7ffffff0;
    return *wild; // BREAK: wild
}

static int spin(void) {
    volatile int rounds = 0;
    while (mode == MODE_SPIN) {
        rounds++; // BREAK: spin
    }
    return rounds > 0;
}

/// 0, unless a store takes a neighbour along.
static int stores(void) {
    volatile struct {
        unsigned char small[2];
        unsigned short middle[2];
    } values;

    values.middle[1] = 4;
    values.middle[0] = 3;
    values.small[1] = 2;
    values.small[0] = 1;
    return values.small[0] + values.small[1] + values.middle[0] + values.middle[1] - 10;
}

static int work(int which) {
    switch (which) {
    case MODE_DIVIDE:
        return divide(7, total);
    case MODE_OUT_OF_BOUNDS:
        return out_of_bounds();
    case MODE_SPIN:
        return spin();
    case MODE_IDLE:
        idle(1 << 30); // BREAK: idle
        return 0;
    default:
        break;
    }
    for (int channel = 1; channel <= 4; channel++) {
        total += measure(channel); // BREAK: loop
    }
    total += factorial(5); // BREAK: factorial
    return total + stores();
}

__attribute__((export_name("run"))) int run(void) {
    static const char hello[] = "guest: begin\n";
    print(hello, sizeof(hello) - 1); // BREAK: first
    int result = work(mode);
    print("guest: end\n", 11); // BREAK: end
    return result;
}
