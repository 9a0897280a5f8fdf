// The trainer's checkpoints: what is in one, and how it goes on from one.
#include "actors/messages/codecs.h"
#include "actors/model/hf_folder.h"
#include "actors/trainer/step_event.h"
#include "actors/trainer/trainer.h"
#include "runtime/base/check.h"

namespace tramontane {
namespace {

constexpr Duration call_deadline = std::chrono::seconds(30);

template <class T>
T about_value(const boost::json::object& about, const char* key, T fallback) {
  const auto* value = about.if_contains(key);
  return value == nullptr || value->is_null() ? fallback : value->to_number<T>();
}

}  // namespace

void Trainer::resume_from(const Checkpoint& checkpoint, bool reinforcing) {
  // From the bytes whose hashes were checked, not from the disk once more.
  HfFolder model = load_hf_files(checkpoint.folder, checkpoint.files);
  if (!(model.arena->manifest() == *manifest_))
    throw Error(Errc::unsupported, checkpoint.folder +
                                       " holds a model of another shape than the job graph; resume "
                                       "with the run's own job graph");
  policy_->import(*model.arena);
  auto state = checkpoint.files.find("optimizer.bin");
  if (state == checkpoint.files.end())
    throw Error(Errc::corrupt, checkpoint.folder + " has no optimizer.bin");
  policy_->load_optimizer_state(state->second);
  resumed_reinforcing_ = reinforcing;
  stage_ = reinforcing ? job().warm_starts.size()
                       : about_value<std::size_t>(checkpoint.about, "stage", 0);
  stage_step_ = reinforcing ? checkpoint.version
                            : about_value<std::uint64_t>(checkpoint.about, "stage_step", 0);
  warm_done_ = reinforcing ? warm_steps_total() : checkpoint.version;
  version_ = reinforcing ? checkpoint.version : 0;
  saved_ = version_;
  correct_average_ = about_value<double>(checkpoint.about, "correct_average", -1);
}

std::map<std::string, Pieces> Trainer::checkpoint_files() const {
  auto files =
      hf_pieces(job().model, job().tokenizer->to_json(), policy_->parameters(), job().carried);
  files["optimizer.bin"] = policy_->optimizer_state();
  return files;
}

void Trainer::save_warm() {
  options_.warm_checkpoints->save(warm_done_, checkpoint_files(),
      {{"kind", "warm_start"}, {"stage", stage_}, {"stage_step", stage_step_},
          {"form", problem_form_json(job().form)}});
}

boost::json::object Trainer::checkpoint_about() const {
  return {{"kind", "reinforce"}, {"fingerprint", hex(arena_->fingerprint())},
      {"correct_average", correct_average_}, {"form", problem_form_json(job().form)}};
}

Task<void> Trainer::record_checkpoint() {
  Checkpointed durable{version_};
  auto recorded =
      co_await ask(options_.ledger, durable, call_deadline, "the ledger to record a checkpoint");
  if (!recorded)
    alarm(str("the ledger did not record the checkpoint of version ", version_, ": ",
        recorded.error().text));
}

Task<void> Trainer::save() {
  auto began = now();
  auto files = checkpoint_files();
  std::uint64_t bytes = 0;
  for (const auto& [name, content] : files) bytes += content.size();
  boost::json::object about = checkpoint_about();
  std::string folder = options_.checkpoints->save(version_, files, about);
  saved_ = version_;
  if (job().reinforce) co_await record_checkpoint();  // else the job has no ledger
  co_await report(checkpoint_event(
      version_, folder, bytes, std::chrono::duration<double>(now() - began).count()));
}

}  // namespace tramontane
