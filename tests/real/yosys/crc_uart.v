// A UART transmitter with a small FIFO that appends a CRC-16/CCITT to every frame: state machines,
// a memory, counters, arithmetic and a parameterised sub-module for the synthesiser to work on.

module fifo #(parameter WIDTH = 8, parameter DEPTH_LOG2 = 4) (
  input  wire             clock,
  input  wire             reset,
  input  wire             push,
  input  wire [WIDTH-1:0] push_data,
  input  wire             pop,
  output wire [WIDTH-1:0] pop_data,
  output wire             empty,
  output wire             full
);
  reg [WIDTH-1:0] storage [0:(1 << DEPTH_LOG2) - 1];
  reg [DEPTH_LOG2:0] head, tail;

  assign empty = head == tail;
  assign full = head[DEPTH_LOG2] != tail[DEPTH_LOG2] &&
                head[DEPTH_LOG2-1:0] == tail[DEPTH_LOG2-1:0];
  assign pop_data = storage[tail[DEPTH_LOG2-1:0]];

  always @(posedge clock) begin
    if (reset) begin
      head <= 0;
      tail <= 0;
    end else begin
      if (push && !full) begin
        storage[head[DEPTH_LOG2-1:0]] <= push_data;
        head <= head + 1'b1;
      end
      if (pop && !empty) tail <= tail + 1'b1;
    end
  end
endmodule

module crc16 (
  input  wire        clock,
  input  wire        clear,
  input  wire        enable,
  input  wire [7:0]  data,
  output reg  [15:0] crc
);
  function [15:0] step(input [15:0] current, input [7:0] value);
    integer i;
    reg [15:0] state;
    begin
      state = current ^ {value, 8'h00};
      for (i = 0; i < 8; i = i + 1)
        state = state[15] ? (state << 1) ^ 16'h1021 : state << 1;
      step = state;
    end
  endfunction

  always @(posedge clock)
    if (clear) crc <= 16'hffff;
    else if (enable) crc <= step(crc, data);
endmodule

module crc_uart #(parameter DIVISOR = 434, parameter FRAME = 16) (
  input  wire       clock,
  input  wire       reset,
  input  wire       write,
  input  wire [7:0] write_data,
  output wire       busy,
  output reg        line
);
  localparam IDLE = 3'd0, START = 3'd1, DATA = 3'd2, STOP = 3'd3, CRC_HIGH = 3'd4, CRC_LOW = 3'd5;

  wire empty, full;
  wire [7:0] head;
  wire [15:0] crc;
  reg [2:0] state, after;
  reg [15:0] timer;
  reg [2:0] bit_index;
  reg [7:0] shift, count;
  reg pop, clear;
  wire tick = timer == DIVISOR - 1;

  fifo #(.WIDTH(8), .DEPTH_LOG2(5)) queue (
    .clock(clock), .reset(reset), .push(write), .push_data(write_data),
    .pop(pop), .pop_data(head), .empty(empty), .full(full));
  crc16 checksum (.clock(clock), .clear(clear | reset), .enable(pop), .data(head), .crc(crc));

  assign busy = full;

  always @(posedge clock) begin
    pop <= 1'b0;
    clear <= 1'b0;
    timer <= tick ? 16'd0 : timer + 1'b1;
    if (reset) begin
      state <= IDLE;
      line <= 1'b1;
      count <= 0;
    end else case (state)
      IDLE: if (!empty) begin
        shift <= head;
        pop <= 1'b1;
        count <= count + 1'b1;
        after <= count == FRAME - 1 ? CRC_HIGH : IDLE;
        timer <= 0;
        state <= START;
      end
      START: begin
        line <= 1'b0;
        if (tick) begin
          bit_index <= 0;
          state <= DATA;
        end
      end
      DATA: begin
        line <= shift[0];
        if (tick) begin
          shift <= {1'b0, shift[7:1]};
          bit_index <= bit_index + 1'b1;
          if (bit_index == 3'd7) state <= STOP;
        end
      end
      STOP: begin
        line <= 1'b1;
        if (tick) state <= after;
      end
      CRC_HIGH: begin
        shift <= crc[15:8];
        after <= CRC_LOW;
        timer <= 0;
        state <= START;
      end
      CRC_LOW: begin
        shift <= crc[7:0];
        after <= IDLE;
        count <= 0;
        clear <= 1'b1;
        timer <= 0;
        state <= START;
      end
      default: state <= IDLE;
    endcase
  end
endmodule

// Enough arithmetic to make the technology mapper work: a pipelined 16-bit multiply-accumulate.
module mac (
  input  wire               clock,
  input  wire               clear,
  input  wire signed [15:0] a,
  input  wire signed [15:0] b,
  output reg  signed [39:0] sum
);
  reg signed [31:0] product;
  always @(posedge clock) begin
    product <= a * b;
    sum <= clear ? 40'sd0 : sum + product;
  end
endmodule

module top (
  input  wire        clock,
  input  wire        reset,
  input  wire        write,
  input  wire [7:0]  write_data,
  input  wire [15:0] sample,
  input  wire [15:0] weight,
  output wire        busy,
  output wire        line,
  output wire [39:0] sum
);
  crc_uart #(.DIVISOR(217), .FRAME(32)) uart (
    .clock(clock), .reset(reset), .write(write), .write_data(write_data),
    .busy(busy), .line(line));
  mac multiply (.clock(clock), .clear(reset), .a(sample), .b(weight), .sum(sum));
endmodule
