// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "../dispatch.h"

/// The packet handlers, by capability; the table in dispatch.cpp names them. `args` is what
/// follows the row's prefix.
namespace wdbg::rsp::handlers {

// query.cpp: what the two sides can do, and what kind of machine this is
Status start_no_ack(Session&, std::string_view args, Reply&);
Status supported(Session&, std::string_view args, Reply&);
Status enable_error_strings(Session&, std::string_view args, Reply&);
Status list_threads_in_stop(Session&, std::string_view args, Reply&);
Status say_ok(Session&, std::string_view args, Reply&);
Status echo(Session&, std::string_view args, Reply&);
Status host_info(Session&, std::string_view args, Reply&);
Status process_info(Session&, std::string_view args, Reply&);
Status process_id(Session&, std::string_view args, Reply&);
Status attached(Session&, std::string_view args, Reply&);

// registers.cpp: the pc is the only one
Status register_info(Session&, std::string_view args, Reply&);
Status read_register(Session&, std::string_view args, Reply&);
Status write_register(Session&, std::string_view args, Reply&);
Status read_registers(Session&, std::string_view args, Reply&);
Status write_registers(Session&, std::string_view args, Reply&);

// memory.cpp
Status read_hex(Session&, std::string_view args, Reply&);
Status read_binary(Session&, std::string_view args, Reply&);
Status read_many(Session&, std::string_view args, Reply&);
Status write_hex(Session&, std::string_view args, Reply&);
Status write_binary(Session&, std::string_view args, Reply&);
Status region_info(Session&, std::string_view args, Reply&);

// breakpoints.cpp
Status set_stop_point(Session&, std::string_view args, Reply&);
Status clear_stop_point(Session&, std::string_view args, Reply&);
Status change_stop_points(Session&, std::string_view args, Reply&);
Status watchpoint_support(Session&, std::string_view args, Reply&);

// resume.cpp
Status vcont_actions(Session&, std::string_view args, Reply&);
Status vcont(Session&, std::string_view args, Reply&);
Status resume_all(Session&, std::string_view args, Reply&);
Status resume_all_with_signal(Session&, std::string_view args, Reply&);
Status step_one(Session&, std::string_view args, Reply&);
Status step_one_with_signal(Session&, std::string_view args, Reply&);
Status detach(Session&, std::string_view args, Reply&);
Status kill(Session&, std::string_view args, Reply&);
Status kill_with_reply(Session&, std::string_view args, Reply&);

// threads.cpp
Status stop_reason(Session&, std::string_view args, Reply&);
Status thread_stop_info(Session&, std::string_view args, Reply&);
Status first_threads(Session&, std::string_view args, Reply&);
Status more_threads(Session&, std::string_view args, Reply&);
Status threads_info(Session&, std::string_view args, Reply&);
Status thread_extra_info(Session&, std::string_view args, Reply&);
Status current_thread(Session&, std::string_view args, Reply&);
Status select_thread(Session&, std::string_view args, Reply&);
Status thread_alive(Session&, std::string_view args, Reply&);

// wasm.cpp
Status call_stack(Session&, std::string_view args, Reply&);
Status local(Session&, std::string_view args, Reply&);
Status stack_value(Session&, std::string_view args, Reply&);
Status global(Session&, std::string_view args, Reply&);
Status set_local(Session&, std::string_view args, Reply&);
Status set_global(Session&, std::string_view args, Reply&);
Status condition_variable(Session&, std::string_view args, Reply&);
Status set_condition_variable(Session&, std::string_view args, Reply&);
Status call_function(Session&, std::string_view args, Reply&);
Status table_element(Session&, std::string_view args, Reply&);

// native.cpp
Status native_listing(Session&, std::string_view args, Reply&);
Status native_pc(Session&, std::string_view args, Reply&);
Status plant_native(Session&, std::string_view args, Reply&);
Status unplant_native(Session&, std::string_view args, Reply&);

// library.cpp
Status libraries(Session&, std::string_view args, Reply&);

} // namespace wdbg::rsp::handlers
