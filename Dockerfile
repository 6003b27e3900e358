# docker build -t tcpautopsy . && docker run --rm -v "$PWD:/captures:ro" tcpautopsy /captures/reset.pcap
# On an interface of the host: docker run --rm -it --net=host --cap-drop=ALL --cap-add=NET_RAW tcpautopsy live eth0
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpcap-dev
WORKDIR /tcpautopsy
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpcap0.8 && rm -rf /var/lib/apt/lists/*
COPY --from=build /tcpautopsy/target/release/tcpautopsy /usr/local/bin/
ENTRYPOINT ["tcpautopsy"]
