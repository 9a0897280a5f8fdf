#include "actors/model/config_rope.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "tests/model/config_text.h"
#include "tests/model/plain_rope.h"

#include <cmath>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

const Architecture& llama() {
  return architecture_named("LlamaForCausalLM");
}

ModelConfig read(const std::string& more) {
  ModelConfig c = parse_model_config(config_text(llama(), more));
  CHECK(parse_model_config(write_model_config(c)) == c);
  return c;
}

bool says(const std::string& more, const std::string& part) {
  std::string error = error_of(config_text(llama(), more));
  INFO(error);
  return error.find(part) != std::string::npos;
}

constexpr const char* llama3 = R"("factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64)";

}  // namespace

TEST_CASE("a scaling means the same in the older spelling and the newer, and in both at once") {
  ModelConfig c =
      read(str(R"("rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", )", llama3, "}"));
  CHECK(c.rope_theta == 5e5);
  CHECK(c.rope.kind == RopeKind::llama3);
  CHECK(c.rope.factor == 8);
  CHECK(c.rope.high_frequency == 4);
  CHECK(c.rope.original == 64);
  for (const std::string& other :
      {str(R"("rope_theta": 5e5, "rope_scaling": {"type": "llama3", )", llama3, "}"),
          str(R"("rope_theta": 5e5, "rope_scaling": {"type": "llama3", "rope_type": "llama3", )",
              llama3, "}"),
          str(R"("rope_parameters": {"rope_theta": 500000, "rope_type": "llama3", )", llama3, "}"),
          str(R"("rope_theta": 5e5, "rope_parameters": {"rope_type": "llama3", )", llama3, "}"),
          str(R"("rope_scaling": {"rope_theta": 5e5, "rope_type": "llama3", )", llama3, "}"),
          str(R"("rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", )", llama3,
              R"(}, "rope_parameters": {"rope_theta": 5e5, "rope_type": "llama3", )", llama3, "}")})
    CHECK(read(other) == c);
  for (const char* plain : {R"("rope_scaling": null)", R"("rope_scaling": {})",
           R"("rope_scaling": {"rope_type": "default"})", R"("rope_scaling": {"type": "default"})",
           R"("rope_parameters": {"rope_type": "default"})",
           R"("rope_parameters": {"rope_theta": 10000.0, "partial_rotary_factor": 1.0})"}) {
    CHECK(read(plain).rope == RopeScaling());
    CHECK(read(plain).rope_theta == 10000);
  }
}

TEST_CASE("each kind has its numbers, and defaults where it has any") {
  ModelConfig linear = read(R"("rope_scaling": {"type": "linear", "factor": 2.5})");
  CHECK(linear.rope.kind == RopeKind::linear);
  CHECK(linear.rope.factor == 2.5F);
  ModelConfig dynamic = read(R"("rope_scaling": {"type": "dynamic", "factor": 2})");
  CHECK(dynamic.rope.original == 8192);
  // A job's shorter context does not make what transformers reads another model.
  dynamic.context = 128;
  CHECK(parse_model_config(write_model_config(dynamic)).context == 8192);
  ModelConfig yarn = read(R"("rope_scaling": {"type": "yarn", "factor": 4.0,
      "original_max_position_embeddings": 2048})");
  CHECK(yarn.rope.attention == doctest::Approx(0.1 * std::log(4.0) + 1));
  CHECK(yarn.rope.beta_fast == 32);
  CHECK(yarn.rope.beta_slow == 1);
  CHECK(yarn.rope.truncate);
  CHECK(read(R"("rope_scaling": {"type": "yarn", "factor": 4.0})").rope.original == 8192);
  auto attention = [&](const std::string& more) {
    return read(R"("rope_scaling": {"type": "yarn", "factor": 4.0, )" + more + "}").rope.attention;
  };
  CHECK(attention(R"("attention_factor": 1.5)") == 1.5F);
  double log4 = 0.1 * std::log(4.0);
  CHECK(attention(R"("mscale": 0.5, "mscale_all_dim": 2.0)") ==
        doctest::Approx((0.5 * log4 + 1) / (2 * log4 + 1)));
  CHECK(attention(R"("mscale": 0.5)") == doctest::Approx(log4 + 1));
  CHECK(attention(R"("mscale": 0, "mscale_all_dim": 2.0)") == doctest::Approx(log4 + 1));
  CHECK_FALSE(
      read(R"("rope_scaling": {"type": "yarn", "factor": 4.0, "truncate": false})").rope.truncate);
  CHECK(read(R"("rope_scaling": {"type": "yarn", "factor": 0.5})").rope.attention == 1);
}

TEST_CASE("what has no formula here, contradicts itself or lacks a number is refused by name") {
  CHECK(says(R"("rope_scaling": {"type": "longrope", "factor": 2.0})",
      "unsupported: config.json: rope_scaling: 'type' is \"longrope\"; its frequencies follow"));
  CHECK(says(R"("rope_parameters": {"rope_type": "proportional"})", "'rope_type' is"));
  CHECK(says(R"("rope_parameters": {"rope_type": "default", "mrope_section": [1, 2]})",
      "'mrope_section' is not known to this build for rotary embeddings of kind default"));
  CHECK(says(R"("rope_parameters": {"full_attention": {"rope_type": "default"}})",
      "'full_attention' is not known"));
  CHECK(says(R"("rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5})",
      "'partial_rotary_factor' is"));
  CHECK(
      says(R"("rope_parameters": {"rope_type": "yarn", "factor": 4, "llama_4_scaling_beta": 0.1})",
          "'llama_4_scaling_beta' is not known"));
  CHECK(
      says(R"("rope_scaling": {"type": "linear", "rope_type": "llama3"})", "'type' is \"linear\""));
  CHECK(says(R"("rope_theta": 1e4, "rope_parameters": {"rope_theta": 1e6})", "'rope_theta' is"));
  CHECK(says(R"("rope_scaling": {"type": "linear", "factor": 2},
      "rope_parameters": {"rope_type": "linear", "factor": 4})",
      "'rope_parameters' is"));
  CHECK(says(R"("rope_scaling": {"type": "linear"})", "rope_scaling: no field 'factor'"));
  CHECK(says(R"("rope_scaling": {"type": "linear", "factor": -1})", "'factor' is -1"));
  CHECK(says(R"("rope_scaling": {"type": "llama3", "factor": 8})", "no field 'low_freq_factor'"));
  CHECK(says(R"("rope_scaling": {"type": "llama3", "factor": 8, "low_freq_factor": 4,
      "high_freq_factor": 4})",
      "expected over low_freq_factor"));
  CHECK(says(R"("rope_scaling": {"type": "yarn", "factor": 8, "beta_fast": 1, "beta_slow": 2})",
      "expected no less than beta_slow"));
  CHECK(says(R"("rope_scaling": {"type": "yarn", "factor": 8, "mscale": "x"})", "'mscale' is"));
  CHECK(says(R"("rope_scaling": {"type": "dynamic", "factor": 2,
      "original_max_position_embeddings": 64})",
      "supported is 'max_position_embeddings', 8192"));
  CHECK(says(str(R"("original_max_position_embeddings": 128, "rope_scaling": {"type": "llama3", )",
                 llama3, "}"),
      "the rotary embedding's is 64"));
  CHECK(says(R"("rope_scaling": 3)", "'rope_scaling' is 3; expected an object"));
  CHECK(says(R"("rope_scaling": {"type": 3})", "'type' is 3; expected a kind"));
}

TEST_CASE("frequencies are those of the papers") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Random random(seed, 3);
    ModelConfig c;
    c.head_dim = 2 * static_cast<std::int64_t>(1 + random.below(64));
    c.rope_theta = std::pow(10, 2 + 7 * static_cast<double>(random.uniform()));
    c.rope.kind = static_cast<RopeKind>(seed % 5);
    c.rope.factor = 1 + 31 * random.uniform();
    c.rope.original = 32 + static_cast<std::int64_t>(random.below(8192));
    c.rope.low_frequency = 1 + random.uniform();
    c.rope.high_frequency = c.rope.low_frequency + 1 + random.uniform();
    c.rope.truncate = random.below(2) == 0;
    c.rope.attention = 1.25F;
    std::vector<float> found = rope_frequencies(c.head_dim, c.rope_theta, c.rope);
    REQUIRE(std::ssize(found) == c.head_dim / 2);
    for (std::size_t i = 0; i < found.size(); ++i) {
      double expected = plain_frequency(c, static_cast<std::int64_t>(i));
      CHECK(std::abs(static_cast<double>(found[i]) - expected) < 2e-6 * expected);
    }
    c.context = 5;
    std::vector<float> table = rope_table(c);
    REQUIRE(std::ssize(table) == 5 * c.head_dim);
    double factor = plain_attention_factor(c);
    auto half = static_cast<std::size_t>(c.head_dim / 2);
    CHECK(table[8 * half] == doctest::Approx(factor * std::cos(4 * static_cast<double>(found[0]))));
    CHECK(table[9 * half] == doctest::Approx(factor * std::sin(4 * static_cast<double>(found[0]))));
  }
}
