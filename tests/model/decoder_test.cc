#include "actors/model/policy.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/model/plain_rope.h"
#include "tests/model/random_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

using Row = Decoder::Row;
using Vector = std::vector<double>;

// The model in double precision, written down from its definition, one token after another.
class Plain {
 public:
  Plain(const ModelConfig& config, const Arena& arena) : c_(config), a_(arena) {}

  Vector logits(Token token) {
    std::size_t position = length_++;
    std::span<const float> embed = a_.floats("model.embed_tokens.weight");
    auto w = static_cast<std::size_t>(c_.width);
    Vector x(embed.begin() + token * c_.width, embed.begin() + (token + 1) * c_.width);
    keys_.resize(static_cast<std::size_t>(c_.layers));
    values_.resize(keys_.size());
    for (std::size_t l = 0; l < keys_.size(); ++l) {
      std::string p = "model.layers." + std::to_string(l) + ".";
      add(x, linear(p + "self_attn.o_proj",
                 attention(l, p, norm(x, p + "input_layernorm.weight"), position)));
      Vector h = norm(x, p + "post_attention_layernorm.weight");
      if (c_.experts == 0)
        add(x, feed_forward(p + "mlp.", {"gate_proj", "up_proj", "down_proj"}, h));
      else
        mixture(x, p, h);
    }
    CHECK(x.size() == w);
    return linear(c_.tied_head ? "model.embed_tokens" : "lm_head", norm(x, "model.norm.weight"));
  }

 private:
  Vector feed_forward(
      const std::string& p, const std::array<const char*, 3>& names, const Vector& h) {
    Vector gate = linear(p + names[0], h);
    Vector up = linear(p + names[1], h);
    for (std::size_t i = 0; i < gate.size(); ++i)
      gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    return linear(p + names[2], gate);
  }

  void mixture(Vector& x, const std::string& p, const Vector& h) {
    bool mixtral = c_.architecture == "MixtralForCausalLM";
    std::string moe = p + (mixtral ? "block_sparse_moe." : "mlp.");
    Vector share = linear(moe + "gate", h);
    double total = 0;
    for (double& s : share) total += s = std::exp(s);
    std::vector<std::size_t> order(share.size());
    for (std::size_t e = 0; e < order.size(); ++e) order[e] = e;
    std::stable_sort(order.begin(), order.end(),
        [&](std::size_t a, std::size_t b) { return share[a] > share[b]; });
    order.resize(static_cast<std::size_t>(c_.experts_per_token));
    if (c_.normalise_experts) {
      total = 0;
      for (std::size_t e : order) total += share[e];
    }
    for (std::size_t e : order) {
      Vector out = feed_forward(moe + "experts." + std::to_string(e) + ".",
          mixtral ? std::array{"w1", "w3", "w2"} : std::array{"gate_proj", "up_proj", "down_proj"},
          h);
      for (double& o : out) o *= share[e] / total;
      add(x, out);
    }
  }

  static void add(Vector& x, const Vector& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  Vector linear(const std::string& name, const Vector& x) {
    std::span<const float> weight = a_.floats(name + ".weight");
    Vector y(weight.size() / x.size());
    bool biased = a_.manifest().find(name + ".bias") != nullptr;
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t j = 0; j < x.size(); ++j)
        y[i] += static_cast<double>(weight[i * x.size() + j]) * x[j];
      if (biased) y[i] += static_cast<double>(a_.floats(name + ".bias")[i]);
    }
    return y;
  }

  Vector norm(const Vector& x, const std::string& name) {
    std::span<const float> weight = a_.floats(name);
    double sum = 0;
    for (double v : x) sum += v * v;
    Vector y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      y[i] = x[i] /
             std::sqrt(sum / static_cast<double>(x.size()) + static_cast<double>(c_.norm_eps)) *
             static_cast<double>(weight[i]);
    return y;
  }

  Vector head(const Vector& all, std::size_t h) {
    auto d = static_cast<std::ptrdiff_t>(c_.head_dim);
    return Vector(all.begin() + static_cast<std::ptrdiff_t>(h) * d,
        all.begin() + static_cast<std::ptrdiff_t>(h + 1) * d);
  }

  Vector turned(Vector x, const std::string& norm_name, std::size_t layer, std::size_t position) {
    if (c_.qk_norm) x = norm(x, norm_name);
    if (!c_.unturned_layers.empty() && c_.unturned_layers[layer]) return x;
    std::size_t half = x.size() / 2;
    double factor = plain_attention_factor(c_);
    for (std::size_t i = 0; i < half; ++i) {
      double angle =
          static_cast<double>(position) * plain_frequency(c_, static_cast<std::int64_t>(i));
      double a = x[i] * factor;
      double b = x[i + half] * factor;
      x[i] = a * std::cos(angle) - b * std::sin(angle);
      x[i + half] = b * std::cos(angle) + a * std::sin(angle);
    }
    return x;
  }

  Vector attention(std::size_t l, const std::string& p, const Vector& x, std::size_t position) {
    Vector q = linear(p + "self_attn.q_proj", x);
    Vector k = linear(p + "self_attn.k_proj", x);
    Vector v = linear(p + "self_attn.v_proj", x);
    auto groups = static_cast<std::size_t>(c_.heads / c_.kv_heads);
    for (std::size_t h = 0; h < static_cast<std::size_t>(c_.kv_heads); ++h) {
      keys_[l].push_back(turned(head(k, h), p + "self_attn.k_norm.weight", l, position));
      values_[l].push_back(head(v, h));
    }
    bool slides = c_.window > 0 && (c_.full_layers.empty() || !c_.full_layers[l]);
    std::size_t first = slides && position + 1 > static_cast<std::size_t>(c_.window)
                            ? position + 1 - static_cast<std::size_t>(c_.window)
                            : 0;
    Vector out;
    for (std::size_t h = 0; h < static_cast<std::size_t>(c_.heads); ++h) {
      Vector query = turned(head(q, h), p + "self_attn.q_norm.weight", l, position);
      Vector sum(query.size());
      double total = 0;
      for (std::size_t t = first; t <= position; ++t) {
        std::size_t at = t * static_cast<std::size_t>(c_.kv_heads) + h / groups;
        double score = 0;
        for (std::size_t i = 0; i < query.size(); ++i) score += query[i] * keys_[l][at][i];
        double weight = std::exp(score / std::sqrt(static_cast<double>(c_.head_dim)));
        total += weight;
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * values_[l][at][i];
      }
      for (double s : sum) out.push_back(s / total);
    }
    return out;
  }

  const ModelConfig& c_;
  const Arena& a_;
  std::size_t length_ = 0;
  std::vector<std::vector<Vector>> keys_;  // by layer, then position * kv_heads + head
  std::vector<std::vector<Vector>> values_;
};

}  // namespace

TEST_CASE("the decoder computes the model's definition") {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto arena = random_weights(config, seed);
    auto weights = ReadyWeights::prepare(config, arena);
    Random random(seed);
    std::vector<Token> tokens = random_tokens(config, random, 37);
    Decoder decoder(config, {.kv_blocks = 8, .rows_max = 64});
    auto id = *decoder.open(40);
    Plain plain(config, *arena);
    for (Token t : tokens) {
      std::span<const float> logits = decoder.forward(std::array{Row{id, t, true}}, *weights);
      Vector expected = plain.logits(t);
      REQUIRE(logits.size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i)
        REQUIRE(std::abs(static_cast<double>(logits[i]) - expected[i]) <
                2e-3 * (1 + std::abs(expected[i])));
    }
  }
}

TEST_CASE("prefilled, decoded, alone or among others: the same bits") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    auto weights = ReadyWeights::prepare(config, random_weights(config, seed));
    Random random(seed);
    constexpr std::size_t count = 9;
    std::vector<std::vector<Token>> texts;
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back(random_tokens(config, random, 1 + random.below(60)));
    auto v = static_cast<std::size_t>(config.vocabulary);

    // Each alone, one token at a time.
    std::vector<std::vector<float>> alone(count);
    Decoder decoder(config, {.kv_blocks = 64, .rows_max = 128});
    for (std::size_t i = 0; i < count; ++i) {
      auto id = *decoder.open(64);
      for (Token t : texts[i]) {
        auto logits = decoder.forward(std::array{Row{id, t, true}}, *weights);
        alone[i].insert(alone[i].end(), logits.begin(), logits.end());
      }
      decoder.close(id);
    }
    // All together, in chunks of random length, in caches that hold others' leftovers.
    std::vector<SequenceId> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(*decoder.open(64));
    std::vector<std::size_t> done(count);
    for (bool more = true; more;) {
      more = false;
      std::vector<Row> rows;
      std::vector<std::pair<std::size_t, std::size_t>> wanted;
      for (std::size_t i = 0; i < count; ++i) {
        std::size_t n = std::min(random.below(14), texts[i].size() - done[i]);
        for (std::size_t k = 0; k < n; ++k) {
          bool wants = random.below(2) == 0;
          if (wants) wanted.emplace_back(i, done[i]);
          rows.push_back({ids[i], texts[i][done[i]++], wants});
        }
        more = more || done[i] < texts[i].size();
      }
      auto logits = decoder.forward(rows, *weights);
      REQUIRE(logits.size() == wanted.size() * v);
      for (std::size_t k = 0; k < wanted.size(); ++k)
        REQUIRE(std::memcmp(logits.data() + k * v,
                    alone[wanted[k].first].data() + wanted[k].second * v, v * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("what a freed block held does not matter, not even NaN") {
  ModelConfig config = random_config(3);
  auto arena = random_weights(config, 3);
  auto good = ReadyWeights::prepare(config, arena);
  auto broken = std::make_shared<Arena>(arena->shared_manifest());
  for (float& f : broken->floats("model.embed_tokens.weight"))
    f = std::numeric_limits<float>::quiet_NaN();
  broken->seal(1);
  auto bad = ReadyWeights::prepare(config, broken);
  Decoder decoder(config, {.kv_blocks = 2});
  auto id = *decoder.open(32);
  std::vector<Row> rows(32, Row{id, 1, false});
  decoder.forward(rows, *bad);
  decoder.rewind(id);
  for (float f : decoder.forward(std::array{Row{id, 1, true}}, *good)) CHECK(std::isfinite(f));
}

TEST_CASE("weights of another model are refused by the tensor's name") {
  ModelConfig config = preset("micro", 21);
  auto arena = random_weights(config, 1);
  config.feed_forward = 48;
  CHECK_THROWS_WITH_AS(ReadyWeights::prepare(config, arena),
      "tensor 'model.layers.0.mlp.gate_proj.weight' has shape (32, 16) in float32; the model's "
      "config wants (48, 16) in float32",
      Error);
  CHECK_THROWS_AS(
      ReadyWeights::prepare(config, std::make_shared<Arena>(arena->shared_manifest())), Error);
}

TEST_CASE("fresh weights are fixed by the seed") {
  ModelConfig config = preset("nano", 21);
  auto manifest = std::make_shared<const Manifest>(model_manifest(config));
  auto fingerprint = [&](std::uint64_t seed) {
    Arena arena(manifest);
    initialise(arena, config, seed);
    arena.seal(0);
    return arena.fingerprint();
  };
  CHECK(fingerprint(7) == fingerprint(7));
  CHECK(fingerprint(7) != fingerprint(8));
}

TEST_CASE("a replay finds the log-probs of a rollout that spans weight versions") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    ModelConfig config = random_config(seed);
    std::vector<std::shared_ptr<const ReadyWeights>> versions;
    for (std::uint64_t v = 0; v < 4; ++v)
      versions.push_back(ReadyWeights::prepare(config, random_weights(config, 50 * seed + v, v)));
    Random random(seed);
    std::vector<Token> prompt = random_tokens(config, random, 1 + random.below(20));
    kernels::Sampling sampling{.temperature = 0.7F, .top_p = seed % 2 == 0 ? 1.0F : 0.8F};

    // A generator's loop, with a swap now and then that keeps or recomputes the cache.
    Rollout rollout;
    Decoder decoder(config, {.kv_blocks = 16});
    auto id = *decoder.open(static_cast<std::int64_t>(prompt.size()) + 50);
    Version version = 0;
    bool fresh = true;
    std::vector<Row> rows;
    for (Token t : prompt) rows.push_back({id, t, false});
    for (std::uint32_t n = 0; n < 50; ++n) {
      if (n == 0 || random.below(12) == 0) {
        if (n > 0) version = random.below(versions.size());
        fresh = n == 0 || random.below(2) == 0;
        if (n > 0 && fresh) {
          decoder.rewind(id);
          rows.clear();
          for (Token t : prompt) rows.push_back({id, t, false});
          for (Token t : rollout.tokens) rows.push_back({id, t, false});
        }
        rollout.spans.push_back({n, n, version, versions[version]->fingerprint(), fresh});
      }
      rows.back().wants_output = true;
      auto logits = decoder.forward(rows, *versions[version]);
      auto drawn = kernels::sample(logits.data(), config.vocabulary, sampling, random.uniform());
      rollout.tokens.push_back(drawn.token);
      rollout.log_probs.push_back(drawn.log_prob);
      rollout.spans.back().end = n + 1;
      rows = {{id, drawn.token, true}};
    }
    auto weights_of = [&](Version v) { return versions[v]; };
    auto replayed = replay_log_probs(config, prompt, rollout, weights_of, sampling.temperature);
    CHECK(replayed == rollout.log_probs);
    // The cache's history matters: the opposite claim gives other numbers.
    if (rollout.spans.size() > 1) {
      Rollout claimed = rollout;
      for (std::size_t i = 1; i < claimed.spans.size(); ++i) claimed.spans[i].fresh_cache ^= true;
      bool changed = false;
      for (std::size_t i = 1; i < claimed.spans.size(); ++i)
        changed = changed || claimed.spans[i].version != claimed.spans[i - 1].version;
      auto other = replay_log_probs(config, prompt, claimed, weights_of, sampling.temperature);
      if (changed && config.window == 0) CHECK(other != rollout.log_probs);
    }
    CHECK(replay_log_probs(
        config, prompt, rollout, [](Version) { return std::shared_ptr<const ReadyWeights>(); }, 1)
              .empty());
  }
}

TEST_CASE("a rollout whose spans leave a gap is not replayed") {
  ModelConfig config = preset("micro", 21);
  Rollout rollout;
  rollout.tokens = {1, 2, 3};
  rollout.spans = {{.begin = 0, .end = 1}, {.begin = 2, .end = 3}};
  auto none = [](Version) { return std::shared_ptr<const ReadyWeights>(); };
  CHECK_THROWS_AS(replay_log_probs(config, {1}, rollout, none, 1), Error);
}
