// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/info_options.h>
#include <wdbg/model/error.h>

#include <nlohmann/json.hpp>

#include <string>

namespace wdbg::cli {

using InfoJson = nlohmann::ordered_json;

/// What there is to tell. Io or Malformed if the module itself cannot be read; whatever does not
/// belong to it, or is missing, is told in the report.
[[nodiscard]] Result<InfoJson> info_report(const InfoOptions& options);

/// For people: a line for each value, indented by its depth.
[[nodiscard]] std::string info_text(const InfoJson& report);

} // namespace wdbg::cli
