#include "actors/model/policy.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/model/random_model.h"

#include <cstddef>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("the cache's blocks are reserved, freed and bounded") {
  ModelConfig config = preset("micro", 21);
  Decoder decoder(config, {.kv_blocks = 4});
  CHECK(decoder.blocks_total() == 4);
  auto a = decoder.open(17);
  REQUIRE(a);
  CHECK(decoder.blocks_free() == 2);
  auto b = decoder.open(32);
  REQUIRE(b);
  CHECK_FALSE(decoder.open(1));
  decoder.close(*a);
  CHECK(decoder.blocks_free() == 2);
  CHECK(decoder.open(32));
  CHECK_THROWS_AS(decoder.open(65), Error);   // over the whole cache
  CHECK_THROWS_AS(decoder.open(129), Error);  // over the context
  CHECK_THROWS_AS(decoder.open(-1), Bug);
  CHECK(Decoder::cache_bytes(config, {.kv_blocks = 4}) == 1 * 4 * 2 * 2 * 8 * 16 * 4);
}

TEST_CASE("a sequence takes blocks as it grows, and no row without one") {
  ModelConfig config = preset("micro", 21);
  auto weights = ReadyWeights::prepare(config, random_weights(config, 4));
  Decoder decoder(config, {.kv_blocks = 3});
  auto id = *decoder.open(0);
  CHECK(decoder.blocks(id) == 0);
  CHECK_THROWS_AS(decoder.forward(std::vector<Decoder::Row>{{id, 3}}, *weights), Bug);
  CHECK(decoder.reserve(id, 17));
  CHECK(decoder.blocks(id) == 2);
  CHECK(decoder.reserve(id, 32));
  CHECK(decoder.reserve(id, 1));  // never fewer
  CHECK(decoder.blocks_free() == 1);
  auto other = *decoder.open(1);
  CHECK_FALSE(decoder.reserve(id, 33));
  CHECK(decoder.blocks(id) == 2);
  CHECK_FALSE(decoder.open(1));
  decoder.close(other);
  CHECK(decoder.reserve(id, 33));
  decoder.rewind(id);
  CHECK(decoder.blocks(id) == 3);
}

TEST_CASE(
    "sequences that share their beginning compute what they would alone, whoever ends first") {
  ModelConfig config = preset("micro", 21);
  auto weights = ReadyWeights::prepare(config, random_weights(config, 5));
  std::vector<Token> prompt;
  for (int i = 0; i < 40; ++i) prompt.push_back(static_cast<Token>(2 + (i * 7) % 19));
  auto last_logits = [&](Decoder& decoder, std::vector<Decoder::Row> rows) {
    auto logits = decoder.forward(rows, *weights);
    return std::vector<float>(logits.end() - config.vocabulary, logits.end());
  };
  auto rows = [&](SequenceId id, std::size_t from, Token end) {
    std::vector<Decoder::Row> out;
    for (std::size_t i = from; i < prompt.size(); ++i) out.push_back({id, prompt[i], false});
    out.push_back({id, end, true});
    return out;
  };
  std::vector<std::vector<float>> alone;
  for (Token end : {4, 5}) {
    Decoder decoder(config, {.kv_blocks = 3});
    auto id = *decoder.open(41);
    alone.push_back(last_logits(decoder, rows(id, 0, end)));
  }
  Decoder decoder(config, {.kv_blocks = 4});
  auto first = *decoder.open(41);
  auto second = *decoder.open(0);
  decoder.share(second, first, 32);
  REQUIRE(decoder.reserve(second, 41));
  CHECK(decoder.blocks_free() == 0);
  CHECK(decoder.length(second) == 32);
  // In one call: the shared rows stand before the rows that see them.
  auto both = rows(first, 0, 4);
  auto more = rows(second, 32, 5);
  both.insert(both.end(), more.begin(), more.end());
  CHECK(last_logits(decoder, both) == alone[1]);
  decoder.rewind(first);  // what it shares is not its own to write over
  CHECK(decoder.blocks(first) == 1);
  CHECK_FALSE(decoder.reserve(first, 41));
  decoder.rewind(second);
  CHECK(decoder.blocks(second) == 3);
  CHECK(last_logits(decoder, rows(second, 0, 5)) == alone[1]);
  decoder.close(second);
  REQUIRE(decoder.reserve(first, 41));
  CHECK(last_logits(decoder, rows(first, 0, 4)) == alone[0]);
}
