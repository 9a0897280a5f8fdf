#include "actors/weights/transport.h"
#include "runtime/base/names.h"

namespace tramontane {

WeightLink choose_transport(const std::string& name) {
  if (name == "auto" || name == "local") return local_transport();
  throw Error(Errc::bad_input, unknown_name("transport", name, {"auto", "local"}));
}

}  // namespace tramontane
