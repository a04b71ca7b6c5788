// Building an image from a Dockerfile, as far as a fake needs it.
#pragma once

#include <functional>

#include "engine/fake/state.h"
#include "engine/image.h"

namespace croft::engine {

// Understands FROM, ARG, ENV and LABEL with one `key=value` (and $ARG in it), CMD and ENTRYPOINT in
// shell form, WORKDIR, USER; passes over RUN and COPY; anything else fails as the engine does.
// `base` finds the image that FROM names, or nullptr.
Result<FakeImage> fake_build(const ImageBuild& build, const TarFiles& context,
                             const std::function<const FakeImage*(const std::string&)>& base,
                             const ProgressLine& progress);

}  // namespace croft::engine
