// Logits of small models against those that transformers computed of the same config.json and the
// same weights, recorded by record_logits.py.
#include "actors/model/policy.h"
#include "runtime/base/result.h"
#include "tests/model/formula_weights.h"

#include <boost/json.hpp>

#include <cmath>
#include <fstream>
#include <iterator>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

boost::json::object recorded() {
  std::ifstream in(TRAM_GOLDEN_LOGITS);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return boost::json::parse(text).as_object();
}

}  // namespace

TEST_CASE("logits are those of transformers, for every architecture and spelling") {
  boost::json::object file = recorded();
  boost::json::array cases = file.at("cases").as_array();
  auto tokens = boost::json::value_to<std::vector<Token>>(file.at("tokens"));
  REQUIRE(cases.size() > 30);
  for (const boost::json::value& one : cases) {
    const boost::json::object& golden = one.as_object();
    std::string name(golden.at("name").as_string());
    CAPTURE(name);
    ModelConfig config = parse_model_config(boost::json::serialize(golden.at("config")));
    // A checkpoint of it is the same model.
    CHECK(parse_model_config(write_model_config(config)) == config);
    config.tied_head = golden.at("tied").as_bool();
    auto arena = formula_weights(config);
    arena->seal(0);
    auto weights = ReadyWeights::prepare(config, arena);
    Decoder decoder(config, {.kv_blocks = 64, .rows_max = 512});
    SequenceId id = *decoder.open(static_cast<std::int64_t>(tokens.size()));
    std::vector<Decoder::Row> rows;
    for (Token t : tokens) rows.push_back({.sequence = id, .token = t});
    std::span<const float> logits = decoder.forward(rows, *weights);
    for (const auto& [position, values] : golden.at("logits").as_object()) {
      std::size_t at =
          std::stoul(std::string(position)) * static_cast<std::size_t>(config.vocabulary);
      for (std::size_t i = 0; i < values.as_array().size(); ++i) {
        double expected = values.as_array()[i].to_number<double>();
        CHECK(std::abs(static_cast<double>(logits[at + i]) - expected) < 1e-4);
      }
    }
  }
}
