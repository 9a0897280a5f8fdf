#include "actors/job/memory.h"

#include "actors/model/footprint.h"
#include "runtime/base/check.h"
#include "runtime/base/machine_memory.h"

#include <algorithm>
#include <cstdio>

namespace tramontane {
namespace {

constexpr std::uint64_t libraries_bytes = 85 << 20;  // LibTorch's pages that are touched
constexpr std::uint64_t ledger_bytes = 40 << 20;     // RocksDB's buffers and cache
constexpr std::uint64_t worker_bytes = 8 << 20;      // of the program, in each worker: its own

// The longest sequence that is trained on, and all rows of the largest step.
struct Rows {
  std::int64_t longest = 0;
  std::int64_t step = 0;
};

Rows rows_of(const Job& job) {
  Rows rows;
  for (const WarmStartPlan& stage : job.warm_starts) {
    std::int64_t longest = 0;
    for (const auto& style : stage.styles)
      for (const TrainSequence& sequence : style.sequences)
        longest = std::max(longest,
            static_cast<std::int64_t>(sequence.prompt.size() + sequence.completion.size()) - 1);
    rows.longest = std::max(rows.longest, longest);
    rows.step = std::max(rows.step, longest * static_cast<std::int64_t>(stage.batch));
  }
  if (job.reinforce) {
    std::size_t prompt = 0;
    for (const Problem& problem : job.prompts)
      prompt = std::max(prompt, problem.prompt.tokens.size());
    std::int64_t longest = std::min<std::int64_t>(
        static_cast<std::int64_t>(prompt) + job.generator.max_tokens - 1, job.model.context);
    rows.longest = std::max(rows.longest, longest);
    rows.step =
        std::max(rows.step, longest * static_cast<std::int64_t>(job.reinforce->ledger.batch));
  }
  return rows;
}

std::uint64_t bytes_of(std::int64_t floats) {
  return static_cast<std::uint64_t>(floats) * sizeof(float);
}

void add_trainer(const Job& job, MemoryPlan& plan) {
  const ModelConfig& m = job.model;
  std::int64_t block = parameter_floats(m);
  Rows all = rows_of(job);
  std::int64_t rows = std::min(all.step, std::max(job.trainer.microbatch_rows, all.longest));
  plan.parts.push_back({"trainer", "parameters, gradients, AdamW", bytes_of(4 * block)});
  bool recomputes = job.trainer.recompute == Recompute::layers;
  if (m.serving != Dtype::float32 && !recomputes)
    plan.parts.push_back({"trainer", str("parameters as they are served, ", name_of(m.serving)),
        bytes_of(serving_words(m))});
  plan.parts.push_back({"trainer",
      recomputes ? "matrices of a layer packed, or the head's" : "matrices packed, both ways",
      bytes_of(trainer_packed_words(m, job.trainer.recompute))});
  std::int64_t buffers = gradient_buffers * gradient_floats(m, rows);
  if (m.experts > 0)
    buffers += (recomputes ? 1 : m.layers) * rows * m.experts_per_token *
               (2 * m.width + 3 * m.feed_forward);
  std::int64_t logits = std::min(rows, logit_rows(m.vocabulary)) * m.vocabulary;
  std::int64_t kv = rows * 2 * m.kv_heads * m.head_dim;
  plan.parts.push_back({"trainer", str("activations of ", rows, " rows"),
      bytes_of(activation_floats(m, rows, job.trainer.recompute) + buffers + logits + kv)});
}

void add_weights(const Job& job, MemoryPlan& plan) {
  std::int64_t block = serving_words(job.model);
  std::int64_t version = block + packed_words(job.model, Packing::forward);
  std::int64_t kept = 1;
  if (job.reinforce)
    kept = std::min<std::int64_t>(
        job.reinforce->ledger.max_lag + 1, static_cast<std::int64_t>(job.reinforce->steps));
  // One more arrives before the oldest goes; and the trainer may have written the next, if it need
  // not wait for what the newest writes.
  bool ahead = kept > 1;
  plan.parts.push_back({"weights",
      str(kept, kept == 1 ? " version" : " versions", ", one arriving",
          ahead ? ", one being made" : ""),
      bytes_of((kept + 1) * version + (ahead ? block : 0))});
}

void add_decoding(const Job& job, MemoryPlan& plan) {
  const ModelConfig& m = job.model;
  std::int64_t blocks = Decoder::blocks_for(m.context) * job.generator.slots;
  std::int64_t cache = std::min(job.generator.cache_bytes,
      Decoder::cache_bytes(m, {.kv_blocks = blocks, .rows_max = job.generator.rows_max}));
  auto at_once = static_cast<std::int64_t>(job.generator.slots);
  std::uint64_t logits = bytes_of(std::min(at_once, job.generator.rows_max) * m.vocabulary);
  std::uint64_t one = static_cast<std::uint64_t>(cache) + logits;
  if (job.reinforce)
    plan.parts.push_back({"generators", str(job.generators, " x cache of keys and values, logits"),
        job.generators * one});
  if (!job.heldout.empty()) plan.parts.push_back({"evaluator", "the same once", one});
}

// The program itself with what the job read, as it is now, but for weights that are let go, and
// what is loaded later.
void add_program(const Job& job, MemoryPlan& plan) {
  std::uint64_t now = 0;
  if (auto memory = process_memory()) now = memory->now;
  if (job.initial) now -= std::min(now, job.initial->held());
  plan.parts.push_back({"program", "code, data sets, LibTorch, the ledger's store",
      now + libraries_bytes + ledger_bytes});
}

// Beyond what is shared: the arenas are memory of all, what is packed of them is not.
void add_processes(const Job& job, const Apart& apart, MemoryPlan& plan) {
  std::uint64_t workers = (apart.ledger ? 1 : 0) + (apart.trainer ? 1 : 0) +
                          (apart.evaluator ? 1 : 0) + (apart.generator ? job.generators : 0) +
                          (apart.verifier ? job.verifiers : 0);
  plan.parts.push_back({"workers", str(workers, " processes"), workers * worker_bytes});
  if (!job.reinforce || !apart.weights()) return;
  std::uint64_t versions =
      std::min<std::uint64_t>(job.reinforce->ledger.max_lag + 2, job.reinforce->steps + 1);
  // Processes that keep versions packed: those of generators, and the trainer's for its audit. One
  // is counted already. The evaluator has one version at a time.
  std::uint64_t keep =
      (apart.generator ? job.generators : 1) + (apart.trainer || apart.generator ? 1 : 0);
  std::uint64_t packed = bytes_of(packed_words(job.model, Packing::forward));
  plan.parts.push_back({"workers", "weights packed in each that decodes",
      ((keep - 1) * versions + (apart.evaluator ? 1 : 0)) * packed});
}

}  // namespace

std::uint64_t MemoryPlan::total() const {
  std::uint64_t bytes = 0;
  for (const MemoryPart& part : parts) bytes += part.bytes;
  return bytes;
}

MemoryPlan plan_memory(const Job& job, const Apart& apart) {
  MemoryPlan plan;
  add_program(job, plan);
  add_trainer(job, plan);
  add_weights(job, plan);
  add_decoding(job, plan);
  if (apart.any()) add_processes(job, apart, plan);
  return plan;
}

std::optional<std::uint64_t> memory_for_job() {
  auto left = memory_at_hand();
  auto mine = process_memory();
  if (!left || !mine) return std::nullopt;
  return *left + mine->now;
}

std::string size_text(std::uint64_t bytes) {
  char text[32];
  auto value = static_cast<double>(bytes);
  const char* form = value < 10e6 ? "%.1f MB" : value < 10e9 ? "%.0f MB" : "%.1f GB";
  std::snprintf(text, sizeof text, form, value / (value < 10e9 ? 1e6 : 1e9));
  return text;
}

void require_memory(const Job& job, const Apart& apart) {
  MemoryPlan plan = plan_memory(job, apart);
  auto has = memory_for_job();
  if (!has || plan.total() <= *has) return;
  std::sort(plan.parts.begin(), plan.parts.end(),
      [](const MemoryPart& a, const MemoryPart& b) { return a.bytes > b.bytes; });
  std::string text = str("the job needs about ", size_text(plan.total()), " of memory; there are ",
      size_text(*has), " for it. It would have");
  for (std::size_t i = 0; i < 4; ++i)
    text += str(
        "\n  ", size_text(plan.parts[i].bytes), "  ", plan.parts[i].who, ": ", plan.parts[i].what);
  throw Error(Errc::bad_input,
      text +
          "\nLess are: actors.trainer.recompute and microbatch_rows (activations), "
          "actors.generator.count, "
          "cache_megabytes and slots,\nstages.reinforce.max_lag (versions kept), a smaller model. "
          "--overcommit starts it all the same");
}

}  // namespace tramontane
