#include "tests/sim/sim_job.h"

#include "actors/model/algorithms.h"
#include "runtime/base/check.h"
#include "runtime/base/random.h"

namespace tramontane {
namespace {

constexpr std::uint64_t job_stream = 0x6a6f62;
constexpr std::uint64_t prefix_stream = 0x707265;

ModelConfig draw_model(Random& random, const Tokenizer& tokenizer) {
  ModelConfig c;
  c.vocabulary = tokenizer.vocabulary();
  c.width = 8;
  c.layers = 1 + static_cast<std::int64_t>(random.below(2));
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 4;
  c.feed_forward = 8;
  c.context = 40;
  c.rope_theta = 1000;
  c.ends = {tokenizer.id("<eos>")};
  return c;
}

// With `before`: prompts of more than a cache block, which completions of one prompt share.
std::vector<Problem> draw_problems(
    Random& random, const Tokenizer& tokenizer, std::size_t count, const std::string& before) {
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < count; ++i) {
    Problem problem;
    std::uint64_t a = random.below(10);
    std::uint64_t b = random.below(10);
    problem.prompt.index = i;
    problem.prompt.text = str(before, a, "+", b, "=");
    // An answer that is no number gets no verdict.
    problem.prompt.answer = random.below(12) == 0 ? "?" : str(a + b);
    problem.prompt.tokens = tokenizer.encode(problem.prompt.text);
    problems.push_back(std::move(problem));
  }
  return problems;
}

WarmStartPlan draw_warm_start(Random& random, const Job& job) {
  WarmStartPlan plan;
  DemonstrationStyle style{"terse", 1, {}};
  for (const Problem& problem : job.prompts) {
    TrainSequence sequence;
    sequence.prompt = problem.prompt.tokens;
    sequence.completion = {job.tokenizer->id("1"), job.model.ends.front()};
    style.sequences.push_back(std::move(sequence));
  }
  plan.styles.push_back(std::move(style));
  plan.steps = 1 + random.below(4);
  plan.batch = 3;
  return plan;
}

ReinforcePlan draw_reinforce(Random& random, std::uint64_t seed) {
  ReinforcePlan plan;
  auto algorithms = algorithm_names();
  plan.algorithm = algorithms[random.below(algorithms.size())];
  plan.loss = loss_of(plan.algorithm);
  plan.loss.length_budget = 16;
  plan.steps = 3 + random.below(5);
  LedgerOptions& ledger = plan.ledger;
  ledger.seed = seed;
  ledger.steps = plan.steps;
  ledger.group_size = static_cast<std::uint32_t>(2 + random.below(3));
  ledger.batch = ledger.group_size * static_cast<std::uint32_t>(2 + random.below(3));
  if (random.below(3) == 0) plan.minibatch = ledger.group_size;
  if (random.below(4) == 0) plan.overlong = Overlong::mask;
  ledger.max_lag = static_cast<std::uint32_t>(random.below(4));
  bool drops = random.below(3) == 0;
  ledger.overdue = drops ? Overdue::drop : Overdue::wait;
  ledger.run_ahead = 1 + static_cast<std::uint32_t>(random.below(3));
  ledger.batch_of = random.below(3) == 0 ? BatchOf::kept : BatchOf::issued;
  if (random.below(3) == 0) ledger.max_running = 4 + static_cast<std::uint32_t>(random.below(8));
  ledger.drop_without_contrast = random.below(4) != 0;
  if (random.below(2) == 0) ledger.generate_lease = 1'000'000;
  if (random.below(2) == 0) ledger.verify_lease = 1'000'000;
  return plan;
}

ContinuousBatch::Options draw_batch(Random& random) {
  ContinuousBatch::Options batch;
  batch.slots = 1 + static_cast<std::uint32_t>(random.below(8));
  batch.max_tokens = 4 + static_cast<std::uint32_t>(random.below(12));
  batch.cache_bytes = random.below(3) == 0 ? 0 : 64 << 10;
  batch.rows_max = random.below(3) == 0 ? 3 : 64;
  batch.temperature = random.below(3) == 0 ? 0.8F : 1.0F;
  batch.top_p = random.below(4) == 0 ? 0.9F : 1.0F;
  batch.on_swap = static_cast<OnSwap>(random.below(3));
  return batch;
}

}  // namespace

Job sim_job(std::uint64_t seed) {
  Random random(seed, job_stream);
  Job job;
  job.name = "sim";
  job.seed = seed;
  job.tokenizer =
      std::make_shared<const Tokenizer>(Tokenizer::of_characters({"<eos>"}, "0123456789+=?"));
  job.model = draw_model(random, *job.tokenizer);
  std::string before(Random(seed, prefix_stream).below(3) == 0 ? 17 : 0, '0');
  job.prompts = draw_problems(random, *job.tokenizer, 9, before);
  if (random.below(2) == 0) job.heldout = draw_problems(random, *job.tokenizer, 2, before);
  if (random.below(4) == 0) job.warm_starts.push_back(draw_warm_start(random, job));
  job.reinforce = draw_reinforce(random, seed);
  job.generators = 1 + static_cast<std::uint32_t>(random.below(3));
  job.generator = draw_batch(random);
  // Sometimes the cache holds little more than one sequence at its longest.
  if (job.generator.cache_bytes == 0)
    job.generator.cache_bytes = Decoder::cache_bytes(job.model,
        {.kv_blocks = Decoder::blocks_for(job.model.context) + static_cast<std::int64_t>(seed % 3),
            .rows_max = job.generator.rows_max});
  job.verifiers = 1 + static_cast<std::uint32_t>(random.below(2));
  // Lengths differ: groups have contrast, also where none is correct.
  job.rewards = {{.name = "math", .weight = 1, .options = MathOptions{"number"}},
      {.name = "length", .weight = 0.5, .options = LengthOptions{16, 16}}};
  job.trainer.checkpoint_every = 1 + static_cast<std::uint32_t>(random.below(4));
  job.trainer.non_finite_max = 1000;
  job.transport = "local";
  job.evaluator.every = 1 + static_cast<std::uint32_t>(random.below(4));
  return job;
}

std::string describe(const Job& job) {
  const LedgerOptions& ledger = job.reinforce->ledger;
  const char* swaps[] = {"keep", "recompute", "isolate"};
  return str("steps ", job.reinforce->steps, ", group ", ledger.group_size, ", batch ",
      ledger.batch, ", minibatch ", job.reinforce->minibatch, ", max_lag ", ledger.max_lag,
      ", overdue ", ledger.overdue == Overdue::wait ? "wait" : "drop", ", batch_of ",
      ledger.batch_of == BatchOf::issued ? "issued" : "kept", ", on_swap ",
      swaps[static_cast<int>(job.generator.on_swap)], ", generators ", job.generators, " of ",
      job.generator.slots, " slots, verifiers ", job.verifiers, ", checkpoint_every ",
      job.trainer.checkpoint_every, ", warm start ",
      job.warm_starts.empty() ? 0 : job.warm_starts[0].steps, ", held-out ", job.heldout.size());
}

}  // namespace tramontane
