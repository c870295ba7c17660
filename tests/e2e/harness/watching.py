# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Watchpoints by LLDB's API, which does not guess a size."""


def watch(session, address, size, *, read=False, write=True):
    import lldb

    error = lldb.SBError()
    options = lldb.SBWatchpointOptions()
    options.SetWatchpointTypeRead(read)
    if write:
        options.SetWatchpointTypeWrite(lldb.eWatchpointWriteTypeAlways)
    watchpoint = session.target.WatchpointCreateByAddress(address, size, options, error)
    assert error.Success(), error.GetCString()
    return watchpoint


def address_of(session, name):
    return session.target.FindFirstGlobalVariable(name).GetLoadAddress()
