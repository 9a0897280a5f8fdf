#pragma once
// What tokenizer_config.json says that changes tokens. Nearly all of it repeats tokenizer.json; the
// classes of Llama's tokenizers have `add_bos_token` in it, which counts for more than what
// tokenizer.json puts before a text: so transformers 4.x reads it. `add_eos_token` is about what
// stands behind a text; a prompt goes on, so that nothing is put there by either.
//
// Pure: any thread.

#include "actors/model/tokenizer/tokenizer.h"

#include <string_view>

namespace tramontane {

// The tokenizer as `config`, the text of tokenizer_config.json, has it: its tokenizer.json then
// says the same. Error(bad_input) for a config that makes no sense.
Tokenizer with_config(Tokenizer tokenizer, std::string_view config);

}  // namespace tramontane
