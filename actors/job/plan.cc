#include "actors/job/job.h"
#include "actors/job/memory.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <boost/json/value.hpp>

#include <algorithm>
#include <cstdio>

namespace tramontane {
namespace {

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string line(const std::string& what, const std::string& value) {
  return "  " + what + std::string(what.size() < 24 ? 24 - what.size() : 1, ' ') + value + "\n";
}

std::string stages(const Job& job) {
  std::string out = "stages\n";
  for (const auto& stage : job.warm_starts) {
    std::string styles;
    for (const auto& style : stage.styles) {
      char share[16];
      std::snprintf(share, sizeof share, "%.0f %%", style.share * 100);
      styles += (styles.empty() ? "" : ", ") + style.name + " " + share;
    }
    out += line("warm_start",
        str(stage.steps, " steps of ", stage.batch, " from ",
            grouped(stage.styles[0].sequences.size()), " demonstrations (", styles, ")"));
  }
  if (job.reinforce) {
    const auto& ledger = job.reinforce->ledger;
    out += line("reinforce", str(job.reinforce->steps, " steps of ", ledger.batch, " completions (",
                                 ledger.batch / ledger.group_size, " prompts x ", ledger.group_size,
                                 "), ", job.reinforce->algorithm, ", max_lag ", ledger.max_lag,
                                 ledger.max_lag == 0 ? " (synchronous)" : ""));
    out +=
        line("", str("at most ",
                     grouped(static_cast<std::uint64_t>(ledger.batch) * job.generator.max_tokens),
                     " tokens a step, ",
                     grouped(static_cast<std::uint64_t>(ledger.batch) * (ledger.max_lag + 1)),
                     " completions issued ahead"));
  }
  return out;
}

std::string memory(const Job& job, const Apart& apart) {
  MemoryPlan plan = plan_memory(job, apart);
  std::string out = "memory, at the peak\n";
  for (const MemoryPart& part : plan.parts)
    out += line(part.who, size_text(part.bytes) + "  " + part.what);
  std::string total = size_text(plan.total());
  if (auto has = memory_for_job())
    total += str(" of ", size_text(*has), " that are there",
        plan.total() > *has ? ": too much, and run refuses it" : "");
  return out + line("in all", total);
}

std::string threads(std::uint32_t count) {
  return count == 1 ? std::string("a thread") : str(count, " threads");
}

std::string actors(const Job& job) {
  std::string out = "actors, all on this machine\n";
  out += line("generator",
      str(job.generators, " (", threads(job.generator_threads), " each), ", job.generator.slots,
          " sequences at a time, at most ", job.generator.max_tokens, " new tokens, temperature ",
          job.generator.temperature));
  std::string rewards;
  for (const auto& reward : job.rewards)
    rewards += (rewards.empty() ? "" : ", ") + str(reward.name, " ", reward.weight);
  out += line("verifier", str(job.verifiers, " (", rewards.empty() ? "no rewards" : rewards, ")"));
  out += line("trainer",
      str("1 (", threads(job.trainer.threads), "), microbatches of ", job.trainer.microbatch_rows,
          job.trainer.recompute == Recompute::layers ? " rows, layers computed again" : " rows",
          ", checkpoint every ", job.trainer.checkpoint_every, " steps"));
  out += line("weight broadcaster", "1, transport " + job.transport);
  out +=
      line("evaluator", job.evaluator.every == 0 ? std::string("1, before and after only")
                                                 : str("1, every ", job.evaluator.every, " steps"));
  return out;
}

std::string skipped(std::uint64_t count) {
  return count == 0 ? "" : str(", and ", grouped(count), " left out as too long");
}

// The first prompt as the model sees it, in one line.
std::string shown(const Job& job) {
  constexpr std::size_t most = 400;
  std::string text = job.tokenizer->decode(job.prompts.front().prompt.tokens);
  if (text.size() > most) text = text.substr(0, most) + "…";
  return json_text(boost::json::value(text));
}

}  // namespace

std::string describe_plan(const Job& job, const Apart& apart) {
  const ModelConfig& m = job.model;
  std::string out = job.name + "\n\nmodel\n";
  out += line("parameters", grouped(static_cast<std::uint64_t>(parameters(m))));
  out += line("shape",
      str(m.layers, " layers, width ", m.width, ", ", m.heads, " heads",
          m.kv_heads == m.heads ? "" : str(" (", m.kv_heads, " of keys and values)"),
          ", feed-forward ", m.feed_forward,
          m.experts == 0 ? std::string()
                         : str(" (", m.experts_per_token, " of ", m.experts, " experts a token)"),
          ", vocabulary ", m.vocabulary, ", context ", m.context));
  if (m.serving != Dtype::float32) out += line("served as", name_of(m.serving));
  out += line("kernels", kernels::isa());
  out += "data\n";
  out += line("prompts", grouped(job.prompts.size()) + skipped(job.prompts_skipped));
  if (!job.prompts.empty()) out += line("the first, as tokens", shown(job));
  out += line("held out", grouped(job.heldout.size()) + skipped(job.heldout_skipped));
  return out + stages(job) + actors(job) + memory(job, apart);
}

}  // namespace tramontane
