#include "actors/weights/transport.h"
#include "runtime/base/names.h"

namespace tramontane {

WeightLink choose_transport(const std::string& name, bool processes) {
  if (name == "shm" || (name == "auto" && processes)) return shm_transport();
  if (name == "local" && processes)
    throw Error(Errc::bad_input,
        "transport local reaches nobody outside its process: between processes take shm, or auto");
  if (name == "auto" || name == "local") return local_transport();
  throw Error(Errc::bad_input, unknown_name("transport", name, {"auto", "local", "shm"}));
}

}  // namespace tramontane
