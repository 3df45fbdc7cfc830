# cmake -DLENET_MNIST=PROGRAM -DLENET_PRUNING=PROGRAM -DDATA=DIR -P examples.cmake
# The examples' command lines: the files that they read and write, and each way to get them wrong. DATA is examples/data;
# mnist/, beside this file, holds 20 of the digits, and what PyTorch 2.13 gives for them.
cmake_minimum_required(VERSION 3.16)

set(digits ${CMAKE_CURRENT_LIST_DIR}/mnist)
set(work ${CMAKE_CURRENT_BINARY_DIR}/examples_work)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

# The command ends with `code` and says `words` on stderr: an error, nothing else.
function(expect_end code words)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${work} RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE error)
  string(FIND "${error}" "${words}" place)
  if(NOT result STREQUAL code OR place EQUAL -1)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}\nended with ${result} instead of ${code}, or did not say\n  ${words}\nbut\n  ${error}")
  endif()
endfunction()

function(expect_same got expected)
  file(READ ${got} a)
  file(READ ${expected} b)
  if(NOT a STREQUAL b)
    message(FATAL_ERROR "${got} is\n${a}instead of\n${b}")
  endif()
endfunction()

# ---- What it reads and writes

set(lenet_mnist ${LENET_MNIST} --data ${digits})
expect_end(0 "" ${lenet_mnist} --csv digits.csv --svg digits.svg --weights ${DATA}/lenet-mnist.safetensors)
expect_same(${work}/digits.csv ${digits}/lenet_mnist.csv)

# The picture has a curve with a point for each row of the table; test_chart looks at the rest.
file(STRINGS ${work}/digits.csv rows)
list(LENGTH rows count)
math(EXPR count "${count} - 1")
file(READ ${work}/digits.svg picture)
string(REGEX MATCHALL "<circle [^>]*><title>[0-9.]+ % pruned: [0-9.]+ % right</title></circle>" circles "${picture}")
string(REGEX MATCH "<polyline [^>]*points=\"([^\"]*)\"/>" curve "${picture}")
string(REPLACE " " ";" points "${CMAKE_MATCH_1}")
list(LENGTH circles circle_count)
list(LENGTH points point_count)
if(NOT picture MATCHES "^<svg .*</svg>\n$" OR NOT circle_count EQUAL count OR NOT point_count EQUAL count)
  message(FATAL_ERROR "${work}/digits.svg does not show the ${count} rows of the table")
endif()

# ---- What it cannot read

expect_end(1 "io error: cannot open nowhere/t10k-images-idx3-ubyte: " ${LENET_MNIST} --data nowhere)

file(COPY ${digits}/t10k-images-idx3-ubyte DESTINATION ${work}/alone)
expect_end(1 "io error: cannot open alone/t10k-labels-idx1-ubyte: " ${LENET_MNIST} --data alone)

file(WRITE ${work}/text/t10k-images-idx3-ubyte "no images\n")
expect_end(1 "format error: text/t10k-images-idx3-ubyte is not an IDX file" ${LENET_MNIST} --data text)

file(COPY ${digits}/t10k-images-idx3-ubyte ${DATA}/t10k-labels-idx1-ubyte DESTINATION ${work}/uneven)
expect_end(1 "format error: uneven: 20 images, but 1000 labels" ${LENET_MNIST} --data uneven)

expect_end(1 "3x3: images of 3 by 3 pixels, but the network takes 28 by 28" ${LENET_MNIST} --data ${digits}/3x3)

expect_end(1 "io error: cannot open 'nothing.safetensors': " ${lenet_mnist} --weights nothing.safetensors)
expect_end(1 "format error: " ${lenet_mnist} --weights text/t10k-images-idx3-ubyte)
expect_end(1 "text/t10k-images-idx3-ubyte: " ${lenet_mnist} --weights text/t10k-images-idx3-ubyte)

set(other ${digits}/other.safetensors)
expect_end(1 "runtime error: ${other}: Error(s) in loading state_dict for LeNet:\n\tMissing key(s) in state_dict: "
  ${lenet_mnist} --weights ${other})
expect_end(1 "size mismatch for conv1.weight: copying a param with shape torch.Size([1, 1, 1, 1]) from checkpoint"
  ${lenet_mnist} --weights ${other})

# ---- What it cannot write

expect_end(1 "io error: cannot write nowhere/a.csv: " ${lenet_mnist} --csv nowhere/a.csv)
expect_end(1 "io error: cannot write nowhere/a.svg: " ${lenet_mnist} --svg nowhere/a.svg)
if(EXISTS /dev/full)
  expect_end(1 "io error: cannot write /dev/full" ${lenet_mnist} --csv /dev/full)
  expect_end(1 "io error: cannot write /dev/full" ${lenet_mnist} --svg /dev/full)
endif()

# ---- Arguments

set(usage "usage: lenet_mnist [--data DIR] [--weights FILE] [--csv FILE] [--svg FILE]\n")
foreach(option --data --weights --csv --svg)
  expect_end(2 "${usage}" ${LENET_MNIST} ${option})
endforeach()
expect_end(2 "${usage}" ${LENET_MNIST} --unknown x)
expect_end(2 "${usage}" ${LENET_MNIST} x)
expect_end(2 "${usage}" ${LENET_MNIST} --csv a.csv --svg)
if(EXISTS ${work}/a.csv)
  message(FATAL_ERROR "wrong arguments, and yet it wrote")
endif()

set(usage "usage: lenet_pruning [--seed N]\n")
expect_end(2 "${usage}" ${LENET_PRUNING} --seed)
expect_end(2 "${usage}" ${LENET_PRUNING} --unknown 1)
expect_end(2 "${usage}" ${LENET_PRUNING} 1)
expect_end(2 "${usage}" ${LENET_PRUNING} --seed 1 2)
foreach(number " " x 1x 0x10 1.5 - 18446744073709551616)
  expect_end(2 "${usage}" ${LENET_PRUNING} --seed "${number}")
endforeach()
expect_end(0 "" ${LENET_PRUNING} --seed -1)
expect_end(0 "" ${LENET_PRUNING} --seed 18446744073709551615)
