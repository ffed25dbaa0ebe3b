using System;
using System.Text;
using DeviceAgent.Telemetry;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Telemetry
{
    [TestClass]
    public class ReadingFormatTests
    {
        [TestMethod]
        public void TimestampsAreUtcToTheSecond()
        {
            Assert.AreEqual("2026-08-01T09:05:07", ReadingFormat.Timestamp(new DateTime(2026, 8, 1, 9, 5, 7)));
            Assert.AreEqual("1999-12-31T23:59:59", ReadingFormat.Timestamp(new DateTime(1999, 12, 31, 23, 59, 59).AddTicks(9999999)));
        }

        [TestMethod]
        public void ValuesHaveTwoDecimals()
        {
            float[] values = new float[] { 20.5f, 0, -0.25f, 1013.25f, 99.99f, -40, 0.1f, 100, 1234567, -12.34f, 21.456f, 0.006f };
            string[] texts = new string[] { "20.50", "0.00", "-0.25", "1013.25", "99.99", "-40.00", "0.10", "100.00", "1234567.00", "-12.34", "21.46", "0.01" };
            for (int i = 0; i < values.Length; i++)
            {
                StringBuilder json = new StringBuilder();
                ReadingFormat.Add(json, "X", values[i]);
                Assert.AreEqual(",\"X\":" + texts[i], json.ToString());
            }
        }

        [TestMethod]
        public void EveryHundredthOfAClimateIsWrittenAsItIs()
        {
            for (int hundredths = -4000; hundredths <= 10000; hundredths += 7)
            {
                StringBuilder json = new StringBuilder();
                ReadingFormat.Add(json, "X", hundredths / 100f);
                int size = hundredths < 0 ? -hundredths : hundredths;
                Assert.AreEqual(",\"X\":" + (hundredths < 0 ? "-" : "") + (size / 100).ToString() + "." + (size % 100).ToString("D2"), json.ToString());
            }
        }

        [TestMethod]
        public void WhatJsonHasNoFormForIsNotMeasured()
        {
            Assert.IsFalse(ReadingFormat.IsMeasured(float.NaN));
            Assert.IsFalse(ReadingFormat.IsMeasured(float.PositiveInfinity));
            Assert.IsFalse(ReadingFormat.IsMeasured(float.NegativeInfinity));
            Assert.IsFalse(ReadingFormat.IsMeasured(1e30f));
            Assert.IsTrue(ReadingFormat.IsMeasured(0));
            Assert.IsTrue(ReadingFormat.IsMeasured(-273.15f));
        }
    }
}
