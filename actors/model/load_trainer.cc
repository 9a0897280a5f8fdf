#include "actors/model/torch/plugin.h"
#include "runtime/base/check.h"
#include "runtime/base/process_limits.h"
#include "runtime/base/result.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>

namespace tramontane {

namespace {

constexpr const char* plugin_name = "libtramontane_trainer.so";

// The plug-in's path: $TRAM_TRAINER; else beside the program or in the folder where the build puts
// it, or in the library folder next to it, where an installation does.
std::string plugin_path() {
  if (const char* named = std::getenv("TRAM_TRAINER"); named != nullptr && *named != '\0')
    return named;
  std::error_code code;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", code);
  std::filesystem::path folder = program.parent_path();
  const std::filesystem::path places[] = {folder / plugin_name,
      folder / "model/torch" / plugin_name, folder / "../actors/model/torch" / plugin_name,
      folder / ".." / TRAM_PLUGIN_DIR / plugin_name};
  for (const std::filesystem::path& place : places)
    if (std::filesystem::exists(place, code)) return place;
  throw Error(Errc::io, str("the trainer's plug-in ", plugin_name, " is not beside ",
                            program.string(), "; set TRAM_TRAINER to its path"));
}

void* symbol(void* library, const std::string& path, const char* name) {
  void* found = ::dlsym(library, name);
  if (found == nullptr) throw Error(Errc::io, str(path, " is no trainer plug-in: it lacks ", name));
  return found;
}

}  // namespace

std::unique_ptr<PolicyTrainer> load_policy_trainer(const ModelConfig& config) {
  std::string path = plugin_path();
  // Never closed: LibTorch cannot be unloaded.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw Error(Errc::io,
        str("the trainer's plug-in does not load: ", ::dlerror(),
            "; LibTorch 2.11 must be where the build found it (./dev build)", memory_limit()));
  auto abi = reinterpret_cast<TrainerAbi>(symbol(library, path, trainer_abi_symbol));
  if (abi() != trainer_abi)
    throw Error(Errc::io, str(path, " is of another build (interface ", abi(), ", expected ",
                              trainer_abi, "); rebuild with ./dev build"));
  auto create = reinterpret_cast<TrainerFactory>(symbol(library, path, trainer_factory_symbol));
  return std::unique_ptr<PolicyTrainer>(create(config));
}

}  // namespace tramontane
