using System.Collections;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using nanoFramework.Json;

namespace Tests.VirtualDevice;

[TestClass]
public sealed class JsonConvertTests
{
    public static IEnumerable<object[]> Values =>
    [
        [null, "null"],
        ["", "\"\""],
        ["a/b='ü'", "\"a/b='ü'\""],
        ["\"\\\n\r\t\b\f", "\"\\\"\\\\\\n\\r\\t\\b\\f\""],
        ["\u0001\u2028", "\"\u0001\u2028\""],
        [new ArrayList(), "[]"],
        [new ArrayList { 1, -2L, true, false, null, "x", new ArrayList { (byte)255 } }, "[1,-2,true,false,null,\"x\",[255]]"],
        [new[] { "a", "b" }, "[\"a\",\"b\"]"],
        [new Hashtable(), "{}"],
        [new Hashtable { ["a"] = new Hashtable { ["b"] = 1 } }, "{\"a\":{\"b\":1}}"],
        [new Hashtable { ["a\"b"] = "keys are not escaped" }, "{\"a\"b\":\"keys are not escaped\"}"],
        [new ArrayList { new DateTime(2026, 7, 31, 12, 0, 5, DateTimeKind.Utc).AddTicks(1) }, "[\"2026-07-31T12:00:05.0000001Z\"]"],
        [5, "[5]"],
        [true, "[true]"],
    ];

    public static IEnumerable<object[]> Refused =>
    [
        [20.5],
        [20.5f],
        [new ArrayList { 1.0 }],
        [new Hashtable { ["t"] = 20.5 }],
        [1m],
        ['c'],
        [Guid.Empty],
        [TimeSpan.Zero],
        [DayOfWeek.Monday],
        [new Version(1, 0)],
        ["cut\0here"],
        [new Hashtable { [1] = 1 }],
        [new Hashtable { ["k\0"] = 1 }],
    ];

    [TestMethod]
    [DynamicData(nameof(Values))]
    public void The_text_is_the_boards(object value, string json) => Assert.AreEqual(json, JsonConvert.SerializeObject(value));

    [TestMethod]
    [DynamicData(nameof(Refused))]
    public void What_a_board_would_write_otherwise_is_refused(object value) =>
        Assert.ThrowsExactly<NotSupportedException>(() => JsonConvert.SerializeObject(value));
}
