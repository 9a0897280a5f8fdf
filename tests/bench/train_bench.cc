// One reinforcement step of the main job's model against the same step in LibTorch eager: the same
// weights, batch, loss, clipping and AdamW, one thread each.
#include "actors/model/policy.h"
#include "runtime/base/random.h"
#include "tests/bench/eager_model.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>

using namespace tramontane;

namespace {

// Lengths as the main job has them once the policy thinks: prompts of 5-8, completions of 24-33
// tokens, one in eight short.
std::vector<TrainSequence> job_batch(std::size_t count) {
  Random random(3);
  std::vector<TrainSequence> batch(count);
  for (TrainSequence& s : batch) {
    s.prompt.resize(5 + random.below(4));
    s.completion.resize(random.below(8) == 0 ? 4 + random.below(3) : 24 + random.below(10));
    for (Token& t : s.prompt) t = static_cast<Token>(random.below(21));
    for (Token& t : s.completion) t = static_cast<Token>(random.below(21));
    s.lags.assign(s.completion.size(), 1);
    s.advantage = static_cast<double>(random.normal());
  }
  return batch;
}

class EagerTrainer {
 public:
  EagerTrainer(const ModelConfig& config, const Arena& arena) : model_(config, arena, true) {
    for (const at::Tensor& p : model_.parameters) {
      mean_.push_back(at::zeros_like(p));
      square_.push_back(at::zeros_like(p));
      steps_.push_back(at::zeros({}, at::kFloat));
    }
  }

  // Sorted by length and cut where a sequence is 1.5 times the shortest, and at `rows_max`.
  double step(std::vector<TrainSequence>& batch, std::int64_t rows_max) {
    std::sort(batch.begin(), batch.end(),
        [](const TrainSequence& a, const TrainSequence& b) { return length(a) < length(b); });
    double tokens = 0;
    for (const TrainSequence& s : batch) tokens += static_cast<double>(s.completion.size());
    double loss = 0;
    for (std::size_t begin = 0; begin < batch.size();) {
      std::size_t end = begin + 1;
      while (end < batch.size() && 2 * length(batch[end]) <= 3 * length(batch[begin]) &&
             length(batch[end]) * static_cast<std::int64_t>(end + 1 - begin) <= rows_max)
        ++end;
      loss += bucket(std::span(batch).subspan(begin, end - begin), tokens);
      begin = end;
    }
    optimize();
    return loss;
  }

 private:
  static std::int64_t length(const TrainSequence& s) {
    return static_cast<std::int64_t>(s.prompt.size() + s.completion.size());
  }

  double bucket(std::span<const TrainSequence> sequences, double tokens) {
    auto count = static_cast<std::int64_t>(sequences.size());
    std::int64_t time = length(sequences.back());
    at::Tensor ids = at::zeros({count, time}, at::kLong);
    at::Tensor mask = at::zeros({count, time - 1});
    at::Tensor behaviour = at::zeros({count, time - 1});
    at::Tensor advantage = at::zeros({count, 1});
    for (std::int64_t i = 0; i < count; ++i) {
      const TrainSequence& s = sequences[static_cast<std::size_t>(i)];
      std::int64_t* id = ids.data_ptr<std::int64_t>() + i * time;
      std::copy(s.completion.begin(), s.completion.end(),
          std::copy(s.prompt.begin(), s.prompt.end(), id));
      std::int64_t at = i * (time - 1) + static_cast<std::int64_t>(s.prompt.size()) - 1;
      std::fill_n(mask.data_ptr<float>() + at, s.completion.size(), 1.0F);
      std::copy(s.behaviour_log_probs.begin(), s.behaviour_log_probs.end(),
          behaviour.data_ptr<float>() + at);
      advantage.data_ptr<float>()[i] = static_cast<float>(s.advantage);
    }
    at::Tensor all = model_.logits(ids.slice(1, 0, time - 1), 0, false, false).log_softmax(-1);
    at::Tensor log_probs = all.gather(2, ids.slice(1, 1).unsqueeze(2)).squeeze(2);
    at::Tensor ratio = ((log_probs - behaviour) * mask).exp();
    at::Tensor objective = at::min(ratio * advantage, ratio.clamp(0.8, 1.28) * advantage);
    at::Tensor loss = -(objective * mask).sum() / tokens;
    loss.backward();
    return loss.item<double>();
  }

  void optimize() {
    c10::NoGradGuard guard;
    std::vector<at::Tensor> gradients;
    double square = 0;
    for (const at::Tensor& p : model_.parameters) {
      gradients.push_back(p.grad());
      double n = gradients.back().norm().item<double>();
      square += n * n;
    }
    double scale = std::min(1.0, 1 / (std::sqrt(square) + 1e-6));
    if (scale < 1) at::_foreach_mul_(gradients, scale);
    for (at::Tensor& s : steps_) s += 1;
    at::_fused_adamw_(model_.parameters, gradients, mean_, square_, {}, steps_, 1e-6, 0.9, 0.95,
        0.0, 1e-8, false, false);
    for (const at::Tensor& p : model_.parameters) p.mutable_grad().reset();
  }

  EagerModel model_;
  std::vector<at::Tensor> mean_, square_, steps_;
};

template <class Step>
double best_seconds(int repeats, Step step) {
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    double begin = thread_seconds();
    step();
    best = std::min(best, thread_seconds() - begin);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  bool ours_only = argc > 1 && std::string(argv[1]) == "--ours";
  ModelConfig config = preset("nano", 21);
  Arena arena(std::make_shared<const Manifest>(model_manifest(config)));
  initialise(arena, config, 1);
  std::vector<TrainSequence> batch = job_batch(384);
  auto trainer = load_policy_trainer(config);
  trainer->import(arena);
  auto log_probs = trainer->log_probs(batch, 1, 1024);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].behaviour_log_probs = log_probs[i];
  OptimizerOptions options{.learning_rate = 1e-6};
  StepReport report;
  double ours = 1e9;
  for (std::int64_t rows_max : {128, 256, 512, 1024, 2048, 4096, 16384}) {
    double seconds =
        best_seconds(8, [&] { report = trainer->reinforce_step(batch, {}, options, rows_max); });
    std::printf(
        "train ours rows_max %5ld: %6.1f ms, %5.1f ms per 10,000 rows (%lu rows, %u "
        "microbatches)\n",
        static_cast<long>(rows_max), seconds * 1e3,
        seconds * 1e7 / static_cast<double>(report.rows), static_cast<unsigned long>(report.rows),
        report.microbatches);
    ours = std::min(ours, seconds);
  }
  if (ours_only) return 0;
  trainer->import(arena);
  double our_loss = trainer->reinforce_step(batch, {}, options, 1024).loss;
  EagerTrainer eager(config, arena);
  double eager_loss = eager.step(batch, 1024);
  double theirs = 1e9;
  for (std::int64_t rows_max : {1024, 4096, 16384}) {
    double seconds = best_seconds(4, [&] { eager.step(batch, rows_max); });
    std::printf("train LibTorch eager rows_max %5ld: %6.1f ms\n", static_cast<long>(rows_max),
        seconds * 1e3);
    theirs = std::min(theirs, seconds);
  }
  std::printf(
      "{\"bench\": \"train_step\", \"ours_ms\": %.2f, \"eager_ms\": %.2f, \"ratio\": %.3f, "
      "\"loss_difference\": %.2e}\n",
      ours * 1e3, theirs * 1e3, theirs / ours, our_loss - eager_loss);
  return 0;
}
