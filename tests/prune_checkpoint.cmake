# cmake -DPROGRAM=prune_checkpoint -DDATA=DIR -P prune_checkpoint.cmake
# The command prune_checkpoint: its outputs, reports, pipes, and each way to get its command line wrong. DATA is
# examples/data. tests/test_checkpoint.c looks at the masks.
cmake_minimum_required(VERSION 3.16)

set(work ${CMAKE_CURRENT_BINARY_DIR}/prune_checkpoint_work)
set(lenet ${DATA}/lenet-mnist.safetensors)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

# The command ends with `code`; what it prints is left in `output` and `error`.
function(run code)
  execute_process(COMMAND ${PROGRAM} ${ARGN} WORKING_DIRECTORY ${work} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE error)
  if(NOT result STREQUAL code)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "prune_checkpoint ${command}\nended with ${result} instead of ${code}\n${output}${error}")
  endif()
  set(output "${output}" PARENT_SCOPE)
  set(error "${error}" PARENT_SCOPE)
endfunction()

function(expect_words text)
  foreach(words ${ARGN})
    string(FIND "${text}" "${words}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "there is no\n  ${words}\nin\n${text}")
    endif()
  endforeach()
endfunction()

# The command fails with `code`, says `words` on stderr and nothing else, and leaves OUT alone.
function(expect_failure code words)
  file(WRITE ${work}/out.safetensors "old")
  run(${code} ${ARGN})
  expect_words("${error}" "prune_checkpoint: ${words}")
  file(READ ${work}/out.safetensors old)
  file(GLOB left ${work}/.prune-*)
  if(NOT old STREQUAL "old" OR NOT output STREQUAL "" OR left)
    message(FATAL_ERROR "a failure printed '${output}', or touched OUT or left ${left}")
  endif()
endfunction()

function(expect_file path hash)
  file(SHA256 ${work}/${path} got)
  if(NOT got STREQUAL hash)
    message(FATAL_ERROR "${path} differs from what PyTorch makes: ${got}")
  endif()
endfunction()

# ---- The files that PyTorch makes of the same weights, with safetensors.torch.save

# prune.global_unstructured(weights, L1Unstructured, amount=0.3), and remove
set(global_hash 3983fb3f795a4bf7d0ab07540fc9be7ebc6ddd066c7ee48b63d56c1489121b83)
run(0 ${lenet} out.safetensors --method l1 --amount 0.3 --global)
expect_file(out.safetensors ${global_hash})
expect_words("${output}" "name          shape          dtype   before    after"
  "conv1.bias    [6]            F32          -        -"
  "conv1.weight  [6, 1, 5, 5]   F32      0.00%    8.67%"
  "5 of 10 tensors pruned, 44190 entries: 0.00% zeros before, 30.00% after" "3 passes")

# l1_unstructured(weight, 0.5) of each, not removed
run(0 ${lenet} out.safetensors --method=l1 --amount=50% --keep-masks --report none)
expect_file(out.safetensors f457d9a0aac5654457e728d0e4a5f9386729e4c2d6b893ba33b6b7688eb7fc2c)
if(NOT output STREQUAL "" OR NOT error STREQUAL "")
  message(FATAL_ERROR "--report none printed ${output}${error}")
endif()

# manual_seed(1), random_unstructured(weight, 0.5) of each
run(0 ${lenet} out.safetensors --method random --amount 0.5 --seed 1)
expect_file(out.safetensors 687e6002799c12f6b9765ae891211ceeb42996772669df2e02f2959b5b25b21c)

# ln_structured(weight, 3, n=1, dim=0) of each
run(0 ${lenet} out.safetensors --method ln --n 1 --dim 0 --amount 3)
expect_file(out.safetensors 9e6281fdef6cf130a768f49590a2c2b681ca25baf492315ba4803566a2fa7bfd)

# manual_seed(7), random_structured(weight, 0.5, dim=1) of each but conv1's
run(0 ${lenet} out.safetensors --method random --dim 1 --amount 0.5 --seed 7 --include *.weight --exclude conv1*)
expect_file(out.safetensors 5e755232d22f034cfae7cdb3ec962d75da712cfca827b3d36677e465b10a0a7e)

# ---- Other ways to the same file

file(COPY ${lenet} DESTINATION ${work})
run(0 lenet-mnist.safetensors lenet-mnist.safetensors --method l1 --amount 0.3 --global --ties torch)
expect_file(lenet-mnist.safetensors ${global_hash})

run(0 ${lenet} --dry-run --method l1 --amount 0.3 --global)
expect_words("${output}" "30.00% after" "0.0 MiB written")
run(0 ${lenet} untouched.safetensors --dry-run --method l1 --amount 0.3 --global)
if(EXISTS ${work}/untouched.safetensors)
  message(FATAL_ERROR "a dry run wrote a file")
endif()

# masks that were kept, as the masks of another run
run(0 ${lenet} out.safetensors --method l1 --amount 0 --include fc3.bias --max-memory 1M)
run(0 ${lenet} masked.safetensors --method custom-mask --mask out.safetensors --include fc3.bias)
run(0 ${lenet} scored.safetensors --method l1 --amount 1 --scores ${lenet} --report none -- )

if(UNIX)
  execute_process(COMMAND cat ${lenet} COMMAND ${PROGRAM} - - --method l1 --amount 0.3 --global
    COMMAND cat WORKING_DIRECTORY ${work} OUTPUT_FILE piped.safetensors ERROR_VARIABLE error RESULTS_VARIABLE results)
  if(NOT results STREQUAL "0;0;0")
    message(FATAL_ERROR "a pipe ended with ${results}: ${error}")
  endif()
  expect_file(piped.safetensors ${global_hash})
  expect_words("${error}" "30.00% after")
  execute_process(COMMAND cat ${lenet} COMMAND ${PROGRAM} - out.safetensors --method l1 --amount 1 --max-memory 100K
    WORKING_DIRECTORY ${work} ERROR_VARIABLE error RESULTS_VARIABLE results)
  if(NOT results MATCHES "1$")
    message(FATAL_ERROR "a pipe of more than max-memory ended with ${results}")
  endif()
  expect_words("${error}" "prune_checkpoint: '/dev/stdin' is a pipe")
  execute_process(COMMAND ${PROGRAM} ${lenet} --dry-run --method l1 --amount 1 WORKING_DIRECTORY ${work}
    OUTPUT_FILE /dev/full ERROR_VARIABLE error RESULT_VARIABLE result)
  if(EXISTS /dev/full AND (NOT result EQUAL 1 OR NOT error MATCHES "cannot write the report"))
    message(FATAL_ERROR "a report that cannot be written ended with ${result}: ${error}")
  endif()
endif()

# ---- Reports: what is shown of names that hold anything

set(header "{\"a\\\"\\\\\\u001b\":{\"dtype\":\"F16\",\"shape\":[1,4],\"data_offsets\":[0,8]}}      ")
string(LENGTH "${header}" length)
if(NOT length EQUAL 72)
  message(FATAL_ERROR "the header has ${length} bytes")
endif()
if(UNIX)
  execute_process(COMMAND printf "H\\0\\0\\0\\0\\0\\0\\0%saabbaabb" "${header}" OUTPUT_FILE ${work}/names.safetensors)
  run(0 names.safetensors --dry-run --method l1 --amount 1 --report json)
  expect_words("${output}" "{\"name\": \"a\\\"\\\\\\u001b\", \"shape\": [1, 4], \"dtype\": \"F16\", \"pruned\": true, \"entries\": 4"
    "\"zeros_before\": 0, \"zeros_after\": 1, \"tied\": 2, \"tied_pruned\": 1}"
    "\"total\": {\"tensors\": 1, \"pruned_tensors\": 1, \"entries\": 4")
  run(0 names.safetensors --dry-run --method l1 --amount 1)
  expect_words("${output}" "a\"\\?  [1, 4]  F16      0.00%   25.00%"
    "ties: of 2 entries at a threshold the first 1 were pruned")
endif()

# ---- Help

run(0 --help)
expect_words("${output}" "usage: prune_checkpoint IN OUT --method METHOD" "--max-memory SIZE")
run(0 --version)
expect_words("${output}" "prune_checkpoint 0.")

# ---- Failures of the work

set(l1 --method l1 --amount 0.5)
expect_failure(1 "cannot open 'nowhere.safetensors'" nowhere.safetensors out.safetensors ${l1})
expect_failure(1 "cannot write" ${lenet} nowhere/out.safetensors ${l1})
expect_failure(1 "cannot write" ${lenet} out.unknown ${l1})
expect_failure(1 "'conv1.weight': amount=151 should be smaller than the number of parameters to prune=150"
  ${lenet} out.safetensors --method l1 --amount 151)
expect_failure(1 "amount=1.5 should either be" ${lenet} out.safetensors --method l1 --amount 1.5)
expect_failure(1 "amount=-1 should either be" ${lenet} out.safetensors --method l1 --amount -1)
expect_failure(1 "'conv1.weight': m=4 does not divide" ${lenet} out.safetensors --method nm --nm 2:4)
expect_failure(1 "pruning this file takes" ${lenet} out.safetensors ${l1} --max-memory 100K)
expect_failure(1 "cannot open 'none'" ${lenet} out.safetensors ${l1} --scores none)
expect_failure(1 "cannot open 'none'" ${lenet} out.safetensors --method custom-mask --mask none)
expect_failure(1 "no tensor was chosen" ${lenet} out.safetensors ${l1} --global --include nothing)
expect_failure(1 "the entry 'model' is asked for" ${lenet} out.safetensors ${l1} --entry model)

# ---- Wrong command lines

expect_failure(2 "IN is missing")
expect_failure(2 "OUT is missing" ${lenet} ${l1})
expect_failure(2 "--method is missing" ${lenet} out.safetensors)
expect_failure(2 "'more' is one file too many" ${lenet} out.safetensors more ${l1})
expect_failure(2 "there is no option -x" ${lenet} out.safetensors -x)
expect_failure(2 "there is no option --nonsense" ${lenet} out.safetensors --nonsense 3)
expect_failure(2 "there is no option --nonsense-that-is-longer-than-any-option"
  ${lenet} out.safetensors --nonsense-that-is-longer-than-any-option)
expect_failure(2 "--amount: there is no such option, or its value is missing" ${lenet} out.safetensors --amount)
foreach(wrong method=l2 report=xml ties=first format=zip amount=x amount=1x amount=10%% dim=x n=x nm=2 nm=2:x nm=x:2 seed=x
    max-memory=x max-memory=0 max-memory=-1 max-memory=1T max-memory=99999999999G)
  string(REGEX REPLACE "=.*" "" name ${wrong})
  string(REGEX REPLACE ".*=" "" value ${wrong})
  expect_failure(2 "--${name} cannot be '${value}'" ${lenet} out.safetensors --${wrong})
endforeach()
expect_failure(2 "--method l1 needs --amount" ${lenet} out.safetensors --method l1)
expect_failure(2 "--method nm takes no --amount" ${lenet} out.safetensors --method nm --amount 1)
expect_failure(2 "--method nm needs --nm" ${lenet} out.safetensors --method nm)
expect_failure(2 "--nm is for --method nm" ${lenet} out.safetensors ${l1} --nm 2:4)
expect_failure(2 "--method custom-mask needs --mask" ${lenet} out.safetensors --method custom-mask)
expect_failure(2 "--mask is for --method custom-mask" ${lenet} out.safetensors ${l1} --mask none)
expect_failure(2 "--method ln needs --dim" ${lenet} out.safetensors --method ln --amount 1)
expect_failure(2 "--method l1 takes no --dim" ${lenet} out.safetensors ${l1} --dim 0)
expect_failure(2 "--n is for --method ln" ${lenet} out.safetensors ${l1} --n 2)
expect_failure(2 "--global is for single entries" ${lenet} out.safetensors --global --method random --amount 1 --dim 0)
set(patterns)
foreach(i RANGE 1 65)
  list(APPEND patterns --include x)
endforeach()
expect_failure(2 "more than 64 patterns" ${lenet} out.safetensors ${l1} ${patterns})
