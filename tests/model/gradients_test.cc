// The whole training step against the same model and losses written in plain ATen ops, which share
// no code with it: padded batches, a mask, autograd by LibTorch alone.
#include "actors/model/algorithms.h"
#include "actors/model/policy.h"
#include "tests/model/paper_losses.h"
#include "tests/model/plain_rope.h"
#include "tests/model/training.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <map>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

class PlainModel {
 public:
  PlainModel(const ModelConfig& config, const Arena& arena) : c_(config) {
    for (const TensorEntry& t : arena.manifest().tensors()) {
      auto* from = const_cast<float*>(arena.floats(t.name).data());
      w_[t.name] =
          at::from_blob(from, t.shape, at::kFloat).to(at::kDouble).clone().set_requires_grad(true);
    }
  }

  at::Tensor logits(const std::vector<Token>& tokens) {
    auto length = static_cast<std::int64_t>(tokens.size());
    at::Tensor ids = at::tensor(
        at::IntArrayRef(std::vector<std::int64_t>(tokens.begin(), tokens.end())), at::kLong);
    at::Tensor positions = at::arange(length, at::kDouble);
    at::Tensor distance = positions.unsqueeze(1) - positions.unsqueeze(0);
    at::Tensor x = w("model.embed_tokens").index_select(0, ids);
    for (std::int64_t l = 0; l < c_.layers; ++l) {
      std::string p = "model.layers." + std::to_string(l) + ".";
      std::string a = p + "self_attn.";
      auto layer = static_cast<std::size_t>(l);
      at::Tensor mask = distance.lt(0);
      if (c_.window > 0 && (c_.full_layers.empty() || !c_.full_layers[layer]))
        mask = mask.logical_or(distance.ge(c_.window));
      bool turn = c_.unturned_layers.empty() || !c_.unturned_layers[layer];
      at::Tensor h = norm(x, p + "input_layernorm");
      at::Tensor q = heads(linear(h, a + "q_proj"), c_.heads, a + "q_norm", positions, turn);
      at::Tensor k = heads(linear(h, a + "k_proj"), c_.kv_heads, a + "k_norm", positions, turn);
      at::Tensor v = heads(linear(h, a + "v_proj"), c_.kv_heads, "", positions, false);
      k = k.repeat_interleave(c_.heads / c_.kv_heads, 0);
      v = v.repeat_interleave(c_.heads / c_.kv_heads, 0);
      at::Tensor scores = q.matmul(k.transpose(1, 2)) / std::sqrt(static_cast<double>(c_.head_dim));
      scores = scores.masked_fill(mask, -1e30);
      at::Tensor out = scores.softmax(-1).matmul(v).transpose(0, 1).reshape({length, -1});
      x = x + linear(out, a + "o_proj");
      h = norm(x, p + "post_attention_layernorm");
      x = x + (c_.experts > 0 ? mixture(h, p)
                              : feed_forward(h, p + "mlp.gate_proj", p + "mlp.up_proj",
                                    p + "mlp.down_proj"));
    }
    return norm(x, "model.norm").matmul(w(c_.tied_head ? "model.embed_tokens" : "lm_head").t());
  }

  // (completion tokens) log-probabilities.
  at::Tensor log_probs(const TrainSequence& s, double temperature) {
    std::vector<Token> all = s.prompt;
    all.insert(all.end(), s.completion.begin(), s.completion.end());
    at::Tensor l = (logits(all) / temperature).log_softmax(-1);
    auto first = static_cast<std::int64_t>(s.prompt.size()) - 1;
    l = l.slice(0, first, first + static_cast<std::int64_t>(s.completion.size()));
    entropy_sum += -(l.exp() * l).sum().item<double>();
    at::Tensor targets = at::tensor(
        at::IntArrayRef(std::vector<std::int64_t>(s.completion.begin(), s.completion.end())),
        at::kLong);
    return l.gather(1, targets.unsqueeze(1)).squeeze(1);
  }

  const at::Tensor& parameter(const std::string& name) { return w_.at(name); }

  double entropy_sum = 0;

 private:
  at::Tensor w(const std::string& name) { return w_.at(name + ".weight"); }

  at::Tensor linear(const at::Tensor& x, const std::string& name) {
    at::Tensor y = x.matmul(w(name).t());
    auto bias = w_.find(name + ".bias");
    return bias == w_.end() ? y : y + bias->second;
  }

  at::Tensor feed_forward(const at::Tensor& h, const std::string& gate, const std::string& up,
      const std::string& down) {
    return linear(at::silu(linear(h, gate)) * linear(h, up), down);
  }

  // Every expert computes every row; a mask of weights says what counts.
  at::Tensor mixture(const at::Tensor& h, const std::string& p) {
    bool mixtral = c_.architecture == "MixtralForCausalLM";
    std::string moe = p + (mixtral ? "block_sparse_moe." : "mlp.");
    at::Tensor all = linear(h, moe + "gate").softmax(-1);
    auto [shares, chosen] = all.topk(c_.experts_per_token, -1);
    if (c_.normalise_experts) shares = shares / shares.sum(-1, true);
    at::Tensor weights = at::zeros_like(all).scatter(1, chosen, shares);
    at::Tensor sum = at::zeros_like(h);
    for (std::int64_t e = 0; e < c_.experts; ++e) {
      std::string x = moe + "experts." + std::to_string(e) + ".";
      sum = sum + weights.select(1, e).unsqueeze(1) *
                      (mixtral ? feed_forward(h, x + "w1", x + "w3", x + "w2")
                               : feed_forward(h, x + "gate_proj", x + "up_proj", x + "down_proj"));
    }
    return sum;
  }

  at::Tensor norm(const at::Tensor& x, const std::string& name) {
    return x * (x.square().mean(-1, true) + static_cast<double>(c_.norm_eps)).rsqrt() * w(name);
  }

  // (heads, length, head_dim)
  at::Tensor heads(const at::Tensor& x, std::int64_t count, const std::string& norm_name,
      const at::Tensor& positions, bool turn) {
    at::Tensor y = x.view({x.size(0), count, c_.head_dim}).transpose(0, 1);
    if (!norm_name.empty() && c_.qk_norm) y = norm(y, norm_name);
    if (!turn) return y;
    at::Tensor frequency = at::empty({c_.head_dim / 2}, at::kDouble);
    for (std::int64_t i = 0; i < c_.head_dim / 2; ++i) frequency[i] = plain_frequency(c_, i);
    y = y * plain_attention_factor(c_);
    at::Tensor angle = positions.unsqueeze(1) * frequency;
    auto halves = y.chunk(2, -1);
    return at::cat({halves[0] * angle.cos() - halves[1] * angle.sin(),
                       halves[1] * angle.cos() + halves[0] * angle.sin()},
        -1);
  }

  const ModelConfig& c_;
  std::map<std::string, at::Tensor> w_;
};

void check_gradients(
    PlainModel& plain, const Arena& arena, const std::vector<float>& gradient, double norm) {
  for (const TensorEntry& t : arena.manifest().tensors()) {
    CAPTURE(t.name);
    at::Tensor expected = plain.parameter(t.name).grad();
    REQUIRE(expected.defined());
    at::Tensor found =
        at::from_blob(const_cast<float*>(gradient.data()) + t.offset / 4, t.shape, at::kFloat)
            .to(at::kDouble);
    CHECK((expected - found).abs().max().item<double>() < 2e-5 * (1 + norm));
  }
}

double tokens_of(const std::vector<TrainSequence>& sequences) {
  double tokens = 0;
  for (const TrainSequence& s : sequences) tokens += static_cast<double>(s.completion.size());
  return tokens;
}

at::Tensor tensor(const std::vector<float>& values) {
  return at::from_blob(
      const_cast<float*>(values.data()), {static_cast<std::int64_t>(values.size())}, at::kFloat)
      .to(at::kDouble);
}

// Scores of their own, and the advantages that come of them.
std::vector<double> score(
    std::vector<TrainSequence>& sequences, AdvantageRule rule, std::uint64_t seed) {
  Random random(seed, 106);
  std::vector<double> scores;
  std::vector<std::uint64_t> groups;
  for (const TrainSequence& s : sequences) {
    scores.push_back(static_cast<double>(random.uniform()));
    groups.push_back(s.group);
  }
  auto values = advantages(scores, groups, rule);
  for (std::size_t i = 0; i < values.size(); ++i) sequences[i].advantage = values[i];
  return scores;
}

}  // namespace

TEST_CASE("loss and gradients equal those of plain ATen ops") {
  at::set_num_threads(1);
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto arena = random_weights(config, seed);
    auto trainer = load_policy_trainer(config);
    trainer->import(*arena);
    std::string algorithm = algorithm_names()[seed % algorithm_names().size()];
    CAPTURE(algorithm);
    double temperature = seed % 2 == 0 ? 1 : 0.8;
    LossOptions options = loss_of(algorithm);
    options.temperature = temperature;
    options.length_budget = 33;
    auto sequences = random_sequences(config, seed, 7);
    behave(*trainer, sequences, seed, 0.3F, temperature);
    auto scores = score(sequences, options.advantage, seed);
    // As if other minibatches had been trained on since.
    auto proximal = trainer->log_probs(sequences, temperature, 60);
    Random random(seed, 105);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      for (float& p : proximal[i]) p += 0.3F * random.normal();
      if (options.old == OldPolicy::proximal) sequences[i].proximal_log_probs = proximal[i];
    }
    StepReport report = trainer->reinforce_step(sequences, options, gradient_only(), 60);

    PlainModel plain(config, *arena);
    std::vector<PaperSequence> paper;
    for (std::size_t i = 0; i < sequences.size(); ++i)
      paper.push_back(
          {plain.log_probs(sequences[i], temperature), tensor(sequences[i].behaviour_log_probs),
              tensor(proximal[i]), scores[i], sequences[i].group});
    at::Tensor loss = paper_loss(algorithm, paper,
        {options.clip_low, options.clip_high, options.importance_cap, options.length_budget});
    loss.backward();
    CHECK(std::abs(loss.item<double>() - report.loss) < 1e-5);
    CHECK(std::abs(plain.entropy_sum / tokens_of(sequences) - report.entropy) < 1e-5);
    check_gradients(plain, *arena, last_gradient(*trainer), report.gradient_norm);
  }
}

TEST_CASE("supervised loss and gradients equal those of plain ATen ops") {
  for (std::uint64_t seed = 30; seed < 40; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto arena = random_weights(config, seed);
    auto trainer = load_policy_trainer(config);
    trainer->import(*arena);
    auto sequences = random_sequences(config, seed, 7);
    StepReport report = trainer->supervised_step(sequences, gradient_only(), 60);
    PlainModel plain(config, *arena);
    at::Tensor loss = at::zeros({}, at::kDouble);
    for (const TrainSequence& s : sequences)
      loss = loss - plain.log_probs(s, 1).sum() / tokens_of(sequences);
    loss.backward();
    CHECK(std::abs(loss.item<double>() - report.loss) < 1e-5);
    check_gradients(plain, *arena, last_gradient(*trainer), report.gradient_norm);
  }
}
