import Foundation
import ReportPage
import Testing

@testable import shoal_dump

/// Any two colours of a report differ in every kind of colour vision, and stand out from the background.
@Suite struct ReportColourTests {
  /// What a linear colour becomes in normal, protan, deutan and tritan sight (Machado et al. 2009, severity 1).
  private static let sights: [(name: String, rows: [[Double]])] = [
    ("normal", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    ("protan", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    ("deutan", [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    ("tritan", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
  ]

  @Test(arguments: [false, true]) func areApart(_ isDark: Bool) throws {
    var colours = SVGDrawing.Ink.allCases.filter { $0 != .line }.map { ink in
      ("\(ink)", isDark ? ink.colours.dark : ink.colours.light)
    }
    let ground = isDark ? "#14171A" : "#FFFFFF"
    for (name, colour) in colours {
      let (a, b) = (luminance(colour) + 0.05, luminance(ground) + 0.05)
      #expect(max(a, b) / min(a, b) >= 3, "\(name) on \(ground)")
    }
    colours.append(("ground", ground))
    for (index, one) in colours.enumerated() {
      for other in colours[..<index] {
        for sight in Self.sights {
          let difference = ciede2000(lab(one.1, sight.rows), lab(other.1, sight.rows))
          #expect(difference >= 17, "\(one.0) and \(other.0) in \(sight.name) sight: \(difference)")
        }
      }
    }
  }

  @Test func pairsOfTheStandard() {
    // Of the supplementary data of Sharma, Wu and Dalal (2005).
    #expect(abs(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485]) - 2.0425) < 1e-4)
    #expect(abs(ciede2000([50, 2.5, 0], [73, 25, -18]) - 27.1492) < 1e-4)
    #expect(abs(ciede2000([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514]) - 0.9082) < 1e-4)
  }

  @Test func thePageHasThem() {
    let page = String(decoding: ReportPage.head, as: UTF8.self)
    for ink in SVGDrawing.Ink.allCases {
      #expect(
        page.contains("--\(ink): \(ink.colours.light)") && page.contains("--\(ink): \(ink.colours.dark)"), "\(ink)")
    }
  }

  private func linear(_ colour: String) -> [Double] {
    let value = Int(colour.dropFirst(), radix: 16) ?? 0
    return [16, 8, 0].map { shift in
      let share = Double(value >> shift & 255) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
  }

  private func product(_ rows: [[Double]], _ vector: [Double]) -> [Double] {
    rows.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static let toXYZ = [
    [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
  ]

  private func luminance(_ colour: String) -> Double { product(Self.toXYZ, linear(colour))[1] }

  private func lab(_ colour: String, _ sight: [[Double]]) -> [Double] {
    let seen = product(sight, linear(colour)).map { min(max($0, 0), 1) }
    let f = zip(product(Self.toXYZ, seen), [0.95047, 1, 1.08883]).map { value, white in
      let share = value / white
      return share > 216 / 24_389 ? cbrt(share) : (24_389 / 27 * share + 16) / 116
    }
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
  }

  private func ciede2000(_ one: [Double], _ two: [Double]) -> Double {
    func degrees(_ angle: Double) -> Double { cos(angle * .pi / 180) }
    let chroma = (hypot(one[1], one[2]) + hypot(two[1], two[2])) / 2
    let g = 0.5 * (1 - (pow(chroma, 7) / (pow(chroma, 7) + pow(25, 7))).squareRoot())
    let (a1, a2) = ((1 + g) * one[1], (1 + g) * two[1])
    let (c1, c2) = (hypot(a1, one[2]), hypot(a2, two[2]))
    func hue(_ a: Double, _ b: Double) -> Double {
      let angle = atan2(b, a) * 180 / .pi
      return angle < 0 ? angle + 360 : angle
    }
    let (h1, h2) = (hue(a1, one[2]), hue(a2, two[2]))
    let isGrey = c1 * c2 == 0
    var turn = h2 - h1
    if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
    if isGrey { turn = 0 }
    let deltaH = 2 * (c1 * c2).squareRoot() * sin(turn / 2 * .pi / 180)
    let (l, c) = ((one[0] + two[0]) / 2, (c1 + c2) / 2)
    var h = h1 + h2
    if !isGrey { h = abs(h1 - h2) <= 180 ? h / 2 : h < 360 ? h / 2 + 180 : h / 2 - 180 }
    let t =
      1 - 0.17 * degrees(h - 30) + 0.24 * degrees(2 * h) + 0.32 * degrees(3 * h + 6) - 0.2 * degrees(4 * h - 63)
    let sl = 1 + 0.015 * pow(l - 50, 2) / (20 + pow(l - 50, 2)).squareRoot()
    let (sc, sh) = (1 + 0.045 * c, 1 + 0.015 * c * t)
    let rotation =
      -sin(60 * exp(-pow((h - 275) / 25, 2)) * .pi / 180) * 2 * (pow(c, 7) / (pow(c, 7) + pow(25, 7))).squareRoot()
    let (dl, dc, dh) = ((two[0] - one[0]) / sl, (c2 - c1) / sc, deltaH / sh)
    return (dl * dl + dc * dc + dh * dh + rotation * dc * dh).squareRoot()
  }
}
