import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

@Suite struct TokenMintTests {
  /// The example of the SipHash paper, appendix A: the bytes 0 to 14 under the key of the bytes 0 to 15.
  @Test func theHashIsSipHash() {
    var hash = SipHash(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
    hash.add(0x0706_0504_0302_0100)
    #expect(hash.finish(0x0f0e_0d0c_0b0a_0908) == 0xa129_ca61_49be_45e5)
  }

  @Test func aTokenIsOfOneAddressOnePurposeAndTwoPeriodsAtMost() {
    var secrets = SecretGenerator(seed: 1)
    let mint = TokenMint(key: secrets.key(for: "test"), period: 5 * .second)
    let address = Address(ipv4: 0xc000_0207, port: 7_401)
    let given = Instant(nanoseconds: 12 * .second)
    let token = mint.token(of: address, for: 7, at: given)
    #expect(mint.isValid(token, of: address, for: 7, at: given))
    #expect(mint.isValid(token, of: address, for: 7, at: given + 7 * .second))
    #expect(!mint.isValid(token, of: address, for: 7, at: given + 8 * .second))
    #expect(!mint.isValid(token, of: address, for: 8, at: given))
    #expect(!mint.isValid(token, of: address.with(port: 7_402), for: 7, at: given))
    #expect(
      !mint.isValid(token ^ 1, of: address, for: 7, at: given) && !mint.isValid(0, of: address, for: 7, at: given))
    #expect(
      !TokenMint(key: secrets.key(for: "test"), period: 5 * .second).isValid(token, of: address, for: 7, at: given))
  }
}
