#include "actors/report/run_tokenizer.h"

#include "runtime/base/result.h"
#include "storage/file.h"

namespace tramontane {

std::shared_ptr<Tokenizer> find_tokenizer(const std::string& run_folder) {
  auto files = system_files();
  for (const std::string& group : {run_folder + "/checkpoints", run_folder + "/warm_start"}) {
    if (!files->exists(group)) continue;
    auto names = files->list(group);
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      std::string path = group + "/" + *name + "/tokenizer.json";
      if (!files->exists(path)) continue;
      try {
        Bytes json = files->read(path);
        return std::make_shared<Tokenizer>(Tokenizer::parse(as_text(json)));
      } catch (const Error&) {
        continue;  // removed by retention just now, or damaged: an older one has the same tokens
      }
    }
  }
  return nullptr;
}

}  // namespace tramontane
