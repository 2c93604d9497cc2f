"""All measurements (`make bench`): in process first, then over HTTP. Takes some ten minutes."""

import http_load
import in_process
import scenarios

in_process.steps()
in_process.loading()
in_process.linting()
in_process.memory()
in_process.stored()
print()
scenarios.main()
print()
http_load.main()
