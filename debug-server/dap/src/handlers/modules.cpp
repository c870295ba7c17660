// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the guest consists of: modules, loadedSources, source.
#include "../protocol/state_requests.h"
#include "../references.h"
#include "../session.h"
#include "handlers.h"

namespace wdbg::dap {

namespace {

using namespace protocol;

class Modules final : public RequestHandler<ModulesArguments, ModulesBody> {
  public:
    Modules() : RequestHandler("modules", Needs::Guest, "supportsModulesRequest") {}

  protected:
    Result<ModulesBody> run(Session& session, const ModulesArguments& args) override {
        const auto modules = session.level().modules();
        ModulesBody body{.totalModules = modules.size()};
        const std::uint64_t first = args.startModule.value_or(0);
        const std::uint64_t asked = args.moduleCount.value_or(0);
        const std::uint64_t count = asked == 0 ? modules.size() : asked;
        for (std::uint64_t i = first; i < modules.size() && i - first < count; ++i) {
            body.modules.push_back(session.describe(modules[i]));
        }
        return body;
    }
};

class LoadedSources final : public RequestHandler<Empty, LoadedSourcesBody> {
  public:
    LoadedSources()
        : RequestHandler("loadedSources", Needs::Guest, "supportsLoadedSourcesRequest") {}

  protected:
    Result<LoadedSourcesBody> run(Session& session, const Empty& /*args*/) override {
        LoadedSourcesBody body;
        for (const std::string& path : session.level().sources()) {
            body.sources.push_back(source_of(path));
        }
        return body;
    }
};

class SourceText final : public RequestHandler<SourceArguments, SourceBody> {
  public:
    SourceText() : RequestHandler("source", Needs::Initialized) {}

  protected:
    Result<SourceBody> run(Session& session, const SourceArguments& args) override {
        std::int64_t reference = args.sourceReference;
        if (args.source && args.source->sourceReference) {
            reference = *args.source->sourceReference;
        }
        const Listings::Listing* listing = session.listings().find(static_cast<int>(reference));
        if (listing == nullptr) {
            return fail(ErrorCode::NotFound,
                        "source " + std::to_string(reference) + " is not there (any more)");
        }
        return SourceBody{.content = listing->text, .mimeType = "text/x-wat"};
    }
};

} // namespace

void add_module_handlers(Handlers& handlers) {
    add<Modules, LoadedSources, SourceText>(handlers);
}

} // namespace wdbg::dap
