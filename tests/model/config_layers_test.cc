#include "actors/model/config_layers.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/model/config_text.h"

#include "tests/support/test.h"

using namespace tramontane;

namespace {

ModelConfig read(const char* name, const std::string& more) {
  ModelConfig c = parse_model_config(config_text(architecture_named(name), more));
  CHECK(parse_model_config(write_model_config(c)) == c);
  return c;
}

std::string refusal(const char* name, const std::string& more) {
  return error_of(config_text(architecture_named(name), more));
}

// The four layers' windows.
std::vector<std::int64_t> windows(const ModelConfig& c) {
  return {c.window_of(0), c.window_of(1), c.window_of(2), c.window_of(3)};
}

using Windows4 = std::vector<std::int64_t>;

constexpr const char* mixed =
    R"("layer_types": ["full_attention", "sliding_attention", "full_attention", "sliding_attention"])";

}  // namespace

TEST_CASE("a window is in every layer, in those that are listed, or from one layer on") {
  CHECK(windows(read("MistralForCausalLM", R"("sliding_window": 16)")) == Windows4{16, 16, 16, 16});
  CHECK(windows(read("MinistralForCausalLM", str(R"("sliding_window": 16, )", mixed))) ==
        Windows4{0, 16, 0, 16});
  CHECK(
      windows(read("MinistralForCausalLM", R"("sliding_window": 16)")) == Windows4{16, 16, 16, 16});
  for (const char* name : {"Qwen2ForCausalLM", "Qwen3ForCausalLM"}) {
    CAPTURE(name);
    std::string on = R"("use_sliding_window": true, "sliding_window": 16)";
    CHECK(windows(read(name, on + R"(, "max_window_layers": 0)")) == Windows4{16, 16, 16, 16});
    CHECK(windows(read(name, on + R"(, "max_window_layers": 3)")) == Windows4{0, 0, 0, 16});
    CHECK(windows(read(name, on)) == Windows4{0, 0, 0, 0});  // from layer 28 on
    CHECK(windows(read(name, on + R"(, "max_window_layers": 0, )" + mixed)) ==
          Windows4{0, 16, 0, 16});
    CHECK(windows(read(name, R"("use_sliding_window": true, "max_window_layers": 0)")) ==
          Windows4{4096, 4096, 4096, 4096});
    CHECK(windows(read(name, R"("sliding_window": 16, "max_window_layers": 0)")) ==
          Windows4{0, 0, 0, 0});
  }
  CHECK(windows(read("Qwen3MoeForCausalLM",
            R"("use_sliding_window": true, "sliding_window": 16)")) == Windows4{16, 16, 16, 16});
  CHECK(windows(read("Qwen3MoeForCausalLM", R"("use_sliding_window": false, "sliding_window": 16,
      "max_window_layers": 48)")) == Windows4{0, 0, 0, 0});
}

TEST_CASE("layers without a rotary embedding are every fourth, or those that the file lists") {
  auto turns = [](const ModelConfig& c) {
    return std::vector<bool>{c.turns(0), c.turns(1), c.turns(2), c.turns(3)};
  };
  using Turns = std::vector<bool>;
  const char* smol = "SmolLM3ForCausalLM";
  CHECK(turns(read(smol, R"("use_cache": true)")) == Turns{true, true, true, false});
  CHECK(turns(read(smol, R"("no_rope_layer_interval": 2)")) == Turns{true, false, true, false});
  ModelConfig listed = read(smol, R"("no_rope_layers": [0, 1, 1, 1, 0, 0])");
  CHECK(turns(listed) == Turns{false, true, true, true});
  CHECK(listed.window == 0);
  CHECK(turns(read(smol, R"("no_rope_layers": [1, 1, 1, 1])")) == Turns{true, true, true, true});
  // A window is where no rotary embedding is, unless the file says otherwise.
  std::string on = R"("use_sliding_window": true, "sliding_window": 16)";
  CHECK(windows(read(smol, on)) == Windows4{0, 0, 0, 16});
  CHECK(windows(read(smol, on + ", " + mixed)) == Windows4{0, 16, 0, 16});
  CHECK(refusal(smol, R"("no_rope_layers": [1, 0])").find("a list of 4 whole numbers") !=
        std::string::npos);
}

TEST_CASE("a window that transformers would pass over, or fail at, is refused by name") {
  auto says = [](const char* name, const std::string& more, const char* part) {
    INFO(refusal(name, more));
    return refusal(name, more).find(part) != std::string::npos;
  };
  CHECK(says("LlamaForCausalLM", R"("sliding_window": 16)", "'sliding_window' is 16"));
  CHECK(says("LlamaForCausalLM", R"("use_sliding_window": true)", "'use_sliding_window' is true"));
  CHECK(says("LlamaForCausalLM", mixed, "'layer_types' is"));
  CHECK(says("MistralForCausalLM", str(R"("sliding_window": 16, )", mixed), "'layer_types' is"));
  CHECK(says("MistralForCausalLM", R"("sliding_window": 16, "use_sliding_window": false)",
      "set 'sliding_window' to null"));
  CHECK(says("Qwen3MoeForCausalLM", R"("use_sliding_window": true, "max_window_layers": 2)",
      "'max_window_layers' is 2"));
  CHECK(says("Qwen2ForCausalLM", mixed, "bad_input: config.json: 'layer_types'"));
  CHECK(says("Qwen2ForCausalLM", R"("layer_types": ["full_attention"])", "a list of 4 texts"));
  CHECK(says("Qwen2ForCausalLM", R"("layer_types": ["a", "b", "c", "d"])", "supported are full"));
  ModelConfig c = read("Qwen2ForCausalLM", str(R"("use_sliding_window": true, )", mixed));
  c.architecture = "MistralForCausalLM";
  c.attention_bias = false;
  CHECK_THROWS_AS(write_model_config(c), Error);
}
