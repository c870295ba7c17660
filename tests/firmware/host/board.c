/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* The "board" of the host: a TCP port stands for the serial line. */

#include "board.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener = -1;
static int client = -1;

void board_init(int argc, char** argv) {
    (void)argc;
    (void)argv;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
        perror("board");
        exit(1);
    }
    printf("board: listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
}

void board_print(const char* text, size_t size) {
    fwrite(text, 1, size, stdout);
    fflush(stdout);
}

_Noreturn void board_exit(int status) {
    exit(status);
}

void board_relax(void) {
    usleep(200);
}

static bool ready(int file, bool wait) {
    struct pollfd entry = {.fd = file, .events = POLLIN, .revents = 0};
    return poll(&entry, 1, wait ? -1 : 0) > 0;
}

static int read_bytes(void* context, void* bytes, size_t size, bool wait) {
    (void)context;
    if (client < 0) {
        const int on = 1;
        if (!ready(listener, wait) || (client = accept(listener, NULL, NULL)) < 0) {
            return 0;
        }
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (!ready(client, wait)) {
        return 0;
    }
    const ssize_t count = recv(client, bytes, size, 0);
    if (count > 0) {
        return (int)count;
    }
    close(client);
    client = -1;
    return -1;
}

static int write_bytes(void* context, const void* bytes, size_t size) {
    (void)context;
    const char* at = bytes;
    while (size != 0) {
        const ssize_t count = client < 0 ? -1 : send(client, at, size, MSG_NOSIGNAL);
        if (count < 0) {
            return -1;
        }
        at += count;
        size -= (size_t)count;
    }
    return 0;
}

const struct WdbgStubTransport board_transport = {read_bytes, write_bytes, NULL};
