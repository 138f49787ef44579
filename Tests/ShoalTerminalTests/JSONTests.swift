import ShoalTerminal
import Testing

@Suite struct JSONTests {
  @Test func objectKeepsItsOrder() {
    let object: JSON = [
      "event": "progress", "bytes": .uint(.max), "delta": -1, "rate": 11.5, "done": false, "eta": nil,
      "peers": ["a", 1, [:], []], "id": .hex(0xA31F_09BC_7710_E2D4), "small": .hex(1),
    ]
    #expect(
      object.description == """
        {"event":"progress","bytes":18446744073709551615,"delta":-1,"rate":11.5,"done":false,"eta":null,\
        "peers":["a",1,{},[]],"id":"a31f09bc7710e2d4","small":"0000000000000001"}
        """)
  }

  @Test func numbersThatAreNotFiniteAreNull() {
    let values: JSON = [
      .double(.nan), .double(.infinity), .double(-.infinity), .double(0.1), .double(1e300), .double(-0.0),
    ]
    #expect(values.description == "[null,null,null,0.1,1e+300,-0.0]")
  }

  @Test func textIsEscaped() {
    let text: JSON = .string("a\"b\\c\nd\r\te\u{0}\u{1B}\u{7F}\u{9B}é中\u{202E}\u{2028}\u{E0041}😀/")
    #expect(
      text.description
        == #""a\"b\\c\nd\r\te\u0000\u001B\u007F\u009Bé中\u202E\u2028\uDB40\uDC41😀/""#)
  }

  @Test func keysAreEscaped() {
    #expect(JSON.object([.init("a\"\n", 1)]).description == #"{"a\"\n":1}"#)
  }
}
