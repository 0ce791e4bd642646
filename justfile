# Recipes for the workspace; `just` lists them.

_default:
    @just --list --unsorted

# Run a challenge and judge it: just run broadcast-c --seed 7
run challenge *flags:
    @cargo glomers run {{challenge}} {{flags}}

# The same on an installed Maelstrom: just maelstrom broadcast-c
maelstrom challenge *flags:
    @cargo glomers run {{challenge}} --upstream {{flags}}

# List the challenges
list:
    @cargo glomers list

# Run a challenge on many seeds: just sweep broadcast-c --seeds 1000
sweep challenge *flags:
    @cargo glomers sweep {{challenge}} {{flags}}

# Run every strategy of every challenge and write the README's table
results:
    @cargo glomers results --write README.md

# Show the runs of the store in a browser: just serve --port 9000
serve *flags:
    @cargo glomers serve {{flags}}

# Take the README's pictures of real reports; needs chromium and chromedriver
pictures:
    cargo test --workspace --test browser -- --ignored pictures

# Every test of the workspace
test:
    cargo test --workspace

# Formatting, lints and docs, warnings being errors
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# Everything that is checked before a change lands
ci:
    bash .ci/run
