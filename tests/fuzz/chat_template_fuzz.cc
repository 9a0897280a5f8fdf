// A chat template, rendered over a fixed conversation. What its folder says is read from the same
// bytes, as chat_template.jinja and as tokenizer_config.json.
#include "actors/model/chat_template/template_folder.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json/parse.hpp>

using namespace tramontane;

namespace {

const boost::json::array& conversation() {
  static const boost::json::array messages = boost::json::parse(R"([
    {"role": "system", "content": "Be brief ä\n"}, {"role": "user", "content": [{"type": "text", "text": " Hi "}]},
    {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.5, "b": [true]}}}]},
    {"role": "tool", "content": "20", "name": "f"}])")
                                                 .as_array();
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  ByteView bytes = as_bytes(input);
  ChatOptions options;
  options.work = 1 << 21;
  options.tools = boost::json::array{{{"type", "function"}}};
  for (const char* file : {"chat_template.jinja", "tokenizer_config.json"}) {
    try {
      auto chat = chat_template_of("fuzz", {{file, Bytes(bytes.begin(), bytes.end())}});
      if (!chat) continue;
      std::string text = chat->render(conversation(), options);
      TRAM_CHECK(text == valid_utf8(text), "the text is not UTF-8");
    } catch (const Error&) {
      continue;
    }
  }
  return 0;
}
