// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <wasm_export.h>

struct WASMExecEnv;

namespace wdbg::wamr {

/// Imports of functions across the two kinds of modules: an interpreted module's of a compiled one,
/// or the other way round. WAMR links modules of one kind only: here each is an instance of its
/// own, and a host function leads from one to the other.
class MixedImports {
  public:
    /// Gives the instance of the module with this name, made if there is none yet. Of the other
    /// kind than the importing module.
    using FindInstance = std::function<Result<wasm_module_inst_t>(const std::string& name,
                                                                  bool importer_is_compiled)>;

    MixedImports();
    MixedImports(const MixedImports&) = delete;
    MixedImports& operator=(const MixedImports&) = delete;
    ~MixedImports();

    /// A module of this name exists in the other kind only; the runtime asked for it while it
    /// loaded an importing module.
    void note(const std::string& name);

    /// Provides those functions that `module` imports from noted modules. Unsupported for what
    /// is no function, and for types that cannot cross; NotFound or Malformed for a function that
    /// the other module does not have, or has with another type; and what `find` fails with.
    Result<void> link(wasm_module_t module, const FindInstance& find);

    /// To be said where a module could not be loaded: what the noted modules would need. May be
    /// empty.
    [[nodiscard]] std::string hint() const;

  private:
    struct Callee;
    struct Function;
    struct Natives;
    using NativesList = std::vector<std::unique_ptr<Natives>>;

    Callee& callee_of(wasm_module_inst_t instance);
    Result<Natives*> natives_of(const std::string& name, bool compiled, const FindInstance& find,
                                NativesList& found);
    static Result<void> add_function(const wasm_import_t& import, Natives& into);
    Result<void> publish(NativesList& found);

    std::vector<std::string> names_;
    std::vector<std::unique_ptr<Callee>> callees_;
    NativesList natives_;
};

/// The environments that code of the other kind runs in which the thread of `caller` has called.
[[nodiscard]] std::vector<WASMExecEnv*> called_by(const WASMExecEnv* caller);

} // namespace wdbg::wamr
