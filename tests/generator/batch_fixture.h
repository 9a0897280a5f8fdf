#pragma once
// A tiny model with as many versions of random weights as are asked for, rollouts to write with it,
// and what a ledger would hold of them.

#include "actors/generator/continuous_batch.h"
#include "actors/model/policy.h"

#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/test.h"

namespace tramontane {

struct BatchFixture {
  ModelConfig config = [] {
    ModelConfig c = preset("micro", 21);
    c.ends = {1};
    c.pad = 0;
    return c;
  }();
  std::shared_ptr<const Manifest> manifest =
      std::make_shared<const Manifest>(model_manifest(config));
  std::map<Version, std::shared_ptr<const ReadyWeights>> versions;

  std::shared_ptr<const ReadyWeights> weights(Version version) {
    auto& there = versions[version];
    if (!there) {
      auto arena = std::make_shared<Arena>(manifest);
      initialise(*arena, config, 100 + version);
      for (float& w : std::span(arena->data(), arena->bytes().size() / 4))
        w *= 20;  // far from uniform
      arena->seal(version);
      there = ReadyWeights::prepare(config, arena);
    }
    return there;
  }

  static RolloutTask task(RolloutId id) {
    RolloutTask task;
    task.lease = id + 1000;
    for (RolloutId i = 0; i < 3 + id % 20; ++i)
      task.prompt.tokens.push_back(static_cast<Token>(2 + (id * 7 + i) % 19));
    task.rollout.id = id;
    task.rollout.seed = 99;
    return task;
  }

  // What the ledger would hold after these segments.
  static void gather(std::map<RolloutId, Rollout>& into, std::vector<Segment> segments) {
    for (auto& s : segments) {
      Rollout& r = into[s.rollout];
      REQUIRE(s.span.begin == r.tokens.size());
      REQUIRE(s.span.end == s.span.begin + s.tokens.size());
      r.id = s.rollout;
      r.seed = 99;
      r.tokens.insert(r.tokens.end(), s.tokens.begin(), s.tokens.end());
      r.log_probs.insert(r.log_probs.end(), s.log_probs.begin(), s.log_probs.end());
      bool grows = !r.spans.empty() && r.spans.back().version == s.span.version &&
                   r.spans.back().fresh_cache == s.span.fresh_cache;
      if (grows)
        r.spans.back().end = s.span.end;
      else
        r.spans.push_back(s.span);
      r.finish = s.finish;
    }
  }

  void check_replay(const Rollout& rollout, const Prompt& prompt) {
    auto expected = replay_log_probs(
        config, prompt.tokens, rollout, [&](Version v) { return weights(v); }, 1);
    REQUIRE(expected.size() == rollout.tokens.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(std::bit_cast<std::uint32_t>(expected[i]) ==
            std::bit_cast<std::uint32_t>(rollout.log_probs[i]));
  }
};

}  // namespace tramontane
